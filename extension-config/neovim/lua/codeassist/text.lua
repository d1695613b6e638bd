-- Pure functions on texts: what of a suggestion is typed already, how long its next word or line is.

local M = {}

--- What is left of `text` once `typed` stands in the buffer; nil where something else was typed.
function M.rest(text, typed)
  if vim.startswith(text, typed) then
    return text:sub(#typed + 1)
  end
end

--- Bytes of the next word: the blanks before it (a line end is one), then a run of letters or a run of other signs.
function M.word_length(text)
  local blanks = text:match('^%s*')
  local after = text:sub(#blanks + 1)
  local word = after:match('^[%w_\128-\255]+') or after:match('^[^%w_%s\128-\255]+') or ''
  return #blanks + #word
end

--- Bytes of the rest of the line; at a line's end, of the next line that has something on it.
function M.line_length(text) return #text:match('^\n*[^\n]*') end

--- UTF-16 units of the first `n_bytes` of a text, where each line end counts as the server wrote it.
function M.utf16_length(text, n_bytes, newline)
  local taken = text:sub(1, n_bytes):gsub('\n', newline)
  return vim.str_utfindex(taken, 'utf-16')
end

--- The part in the middle in which two texts differ: bytes that they share at the start and at the end.
--- Characters are never cut in two.
function M.shared(old, new)
  local most = math.min(#old, #new)
  local n_start = 0
  while n_start < most and old:byte(n_start + 1) == new:byte(n_start + 1) do
    n_start = n_start + 1
  end
  while n_start > 0 and n_start < #old and vim.str_utf_start(old, n_start + 1) < 0 do
    n_start = n_start - 1
  end
  local n_end = 0
  while n_end < most - n_start and old:byte(#old - n_end) == new:byte(#new - n_end) do
    n_end = n_end + 1
  end
  while n_end > 0 and vim.str_utf_start(old, #old - n_end + 1) < 0 do
    n_end = n_end - 1
  end
  return n_start, n_end
end

--- How many lines two lists share at the start and at the end.
function M.shared_lines(old, new)
  local most = math.min(#old, #new)
  local n_start, n_end = 0, 0
  while n_start < most and old[n_start + 1] == new[n_start + 1] do
    n_start = n_start + 1
  end
  while n_end < most - n_start and old[#old - n_end] == new[#new - n_end] do
    n_end = n_end + 1
  end
  return n_start, n_end
end

--- A line with its tabs as blanks, as it shows from screen column `column` on: virtual text knows no tab stops.
function M.without_tabs(line, column)
  local parts = {}
  for before, tab in line:gmatch('([^\t]*)(\t?)') do
    column = column + vim.fn.strdisplaywidth(before, column)
    table.insert(parts, before)
    if tab ~= '' then
      local width = vim.fn.strdisplaywidth(tab, column)
      table.insert(parts, (' '):rep(width))
      column = column + width
    end
  end
  return table.concat(parts)
end

return M
