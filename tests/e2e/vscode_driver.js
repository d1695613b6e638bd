// Drives VS Code in a browser for the tests: one JSON request per line on stdin, one JSON answer per line on stdout.
//
//     node vscode_driver.js PLAYWRIGHT_CORE CHROMIUM
//
// Requests name a window, made by `open`; what they can ask for are the functions of OPERATIONS.

const { createInterface } = require('node:readline');

const [playwright, executablePath] = process.argv.slice(2);
const { chromium } = require(playwright);

const FLAGS = [
  '--no-sandbox', // the tests run as root in containers
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--hide-scrollbars',
];

const pages = new Map();
const complaints = new Map();

const OPERATIONS = {
  open: async (browser, { window, url, width, height, ready = '.monaco-workbench', look = {}, scale = 2 }) => {
    // Twice the pixels: the pictures are looked at.
    const size = { viewport: { width, height }, deviceScaleFactor: scale };
    const context = await browser.newContext({ ...size, ...look });
    const page = await context.newPage();
    const said = [];
    page.on('pageerror', (error) => said.push(String(error)));
    page.on('console', (message) => message.type() === 'error' && said.push(message.text()));
    pages.set(window, page);
    complaints.set(window, said);
    await page.goto(url, { waitUntil: 'domcontentloaded' });
    await page.waitForSelector(ready, { timeout: 60_000 });
  },
  /** Errors of the page's scripts, and what its policy forbade. */
  complaints: async (_, { window }) => complaints.get(window),
  reload: async (_, { window }) => {
    await pages.get(window).reload({ waitUntil: 'domcontentloaded' });
    await pages.get(window).waitForSelector('.monaco-workbench', { timeout: 60_000 });
  },
  close: async (_, { window }) => {
    await pages.get(window).context().close();
    pages.delete(window);
  },
  type: (_, { window, text, delay_ms }) => pages.get(window).keyboard.type(text, { delay: delay_ms }),
  press: (_, { window, key }) => pages.get(window).keyboard.press(key),
  click: (_, { window, selector }) => pages.get(window).locator(selector).first().click({ timeout: 15_000 }),
  hover: (_, { window, selector }) => pages.get(window).locator(selector).first().hover({ timeout: 15_000 }),
  evaluate: (_, { window, expression, argument }) => {
    // The expression is a function's text: a page that is not ours cannot be given one otherwise.
    return pages.get(window).evaluate(`(${expression})(${JSON.stringify(argument ?? null)})`);
  },
  /** The texts of all frames: pages to read are shown in frames within frames. */
  frames: async (_, { window }) => {
    const frames = pages.get(window).frames();
    const texts = frames.map((frame) => frame.evaluate('document.body ? document.body.innerText : ""').catch(() => ''));
    return (await Promise.all(texts)).filter(Boolean);
  },
  click_in_frame: async (_, { window, selector }) => {
    for (const frame of pages.get(window).frames()) {
      if ((await frame.locator(selector).count().catch(() => 0)) > 0) {
        await frame.locator(selector).first().click({ timeout: 15_000 });
        return true;
      }
    }
    return false;
  },
  screenshot: (_, { window, path, clip }) => pages.get(window).screenshot({ path, ...(clip ? { clip } : {}) }),
};

async function main() {
  const browser = await chromium.launch({ executablePath, headless: true, args: FLAGS });
  for await (const line of createInterface({ input: process.stdin })) {
    const { id, operation, ...given } = JSON.parse(line);
    let answer;
    try {
      const result = await OPERATIONS[operation](browser, given);
      answer = { id, result: Buffer.isBuffer(result) || result === undefined ? null : result };
    } catch (error) {
      answer = { id, error: String(error) };
    }
    process.stdout.write(`${JSON.stringify(answer)}\n`);
  }
  await browser.close();
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
