"""What is asked of the page of VS Code: functions in its own language, and what names its parts."""

from __future__ import annotations

# All of a ghost text: what stands in the line, in pieces by colour, and further lines below it. VS Code shows blanks as
# no-break spaces.
GHOST = """() => {
    const text = (element) => element.textContent.replaceAll('\\u00a0', ' ');
    const pieces = [...document.querySelectorAll('.ghost-text-decoration, .ghost-text-decoration-preview')];
    const lines = [...document.querySelectorAll('.suggest-preview-text .view-line, .ghost-text .view-line')];
    return [pieces.map(text).join(''), ...lines.map(text)].join('\\n');
}"""

# The lines that are on the screen, from the top, ghost text included.
LINES = """() => [...document.querySelectorAll('.editor-instance .view-lines > .view-line')]
    .sort((one, other) => parseFloat(one.style.top) - parseFloat(other.style.top))
    .map((line) => line.textContent.replaceAll('\\u00a0', ' '))"""

# The files that are shown, one in each group of editors.
SHOWN = """() => [...document.querySelectorAll('.tabs-container .tab.active')]
    .map((tab) => tab.getAttribute('data-resource-name'))"""

STATUS_ITEM = '[id="codeassist.codeassist.codeassist.status"]'
STATUS = f"""() => {{
    const item = document.querySelector('{STATUS_ITEM} a');
    return item ? [item.getAttribute('aria-label') ?? '', item.textContent, item.innerHTML] : ['', '', ''];
}}"""

ROWS = """() => [...document.querySelectorAll('.quick-input-widget .monaco-list-row')]
    .map((row) => row.getAttribute('aria-label') ?? row.textContent)"""

# The row that Enter takes.
FOCUSED = """() => {
    const row = document.querySelector('.quick-input-widget .monaco-list-row.focused');
    return row === null ? '' : (row.getAttribute('aria-label') ?? row.textContent);
}"""

QUICK_INPUT = """() => {
    const box = document.querySelector('.quick-input-widget');
    return box !== null && getComputedStyle(box).display !== 'none';
}"""

# What decorations add to lines is text of no element.
HINTS = """() => [...document.querySelectorAll('.editor-instance .view-lines span')]
    .map((span) => getComputedStyle(span, '::after').content).filter((text) => text.startsWith('"'))
    .map((text) => JSON.parse(text))"""

NOTIFICATIONS = """() => [...document.querySelectorAll('.notifications-toasts .notification-list-item')]
    .map((toast) => toast.innerText)"""

# The rows of the list of problems: files, what is wrong in them, and where else to look.
PROBLEMS = """() => [...document.querySelectorAll('.markers-panel .monaco-list-row')]
    .map((row) => row.textContent.replaceAll('\\u00a0', ' '))"""

# Every state that a line goes through while one types, from one frame to the next: what a person could see.
WATCH = """(start) => {
    window.codeassistSeen = [];
    const look = () => {
        const line = [...document.querySelectorAll('.editor-instance .view-lines > .view-line')]
            .map((element) => element.textContent.replaceAll('\\u00a0', ' ')).find((text) => text.startsWith(start));
        const seen = window.codeassistSeen;
        if (line !== undefined && seen.at(-1) !== line) {
            seen.push(line);
        }
        window.codeassistWatch = requestAnimationFrame(look);
    };
    look();
}"""
SEEN = "() => { cancelAnimationFrame(window.codeassistWatch); return window.codeassistSeen; }"
