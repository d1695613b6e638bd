-- A suggestion and the place that it was made for. Typing along, line ends included, leaves it what it is; only how
-- much of it is still to be shown changes. Rows, columns and lengths are bytes, counted from 0.

local text = require('codeassist.text')

local M = {}

---@class codeassist.Place
---@field buffer integer
---@field row integer
---@field column integer
---@field line string
---@field n_lines integer
---@field selected? string the entry of the popup menu that is chosen but not in the buffer yet

---@class codeassist.Suggestion
---@field place codeassist.Place
---@field left string what stands left of it on its line
---@field replaced string what it replaces right of the cursor
---@field right string what stands right of that
---@field text string with `\n` at line ends
---@field newline string the line end that the server wrote
---@field item table as the server sent it
---@field client_id integer
---@field was_shown? boolean

--- Where the cursor is now.
---@return codeassist.Place
function M.place()
  local cursor = vim.api.nvim_win_get_cursor(0)
  return {
    buffer = vim.api.nvim_get_current_buf(),
    row = cursor[1] - 1,
    column = cursor[2],
    line = vim.api.nvim_get_current_line(),
    n_lines = vim.api.nvim_buf_line_count(0),
  }
end

--- First and last byte column of what an item replaces; nil where that is not on the place's line.
local function columns(item, place, encoding)
  if not item.range then
    return place.column, place.column
  end
  local first, last = item.range.start, item.range['end']
  if first.line ~= place.row or last.line ~= place.row then
    return
  end
  local start = vim.str_byteindex(place.line, encoding, first.character, false)
  return start, vim.str_byteindex(place.line, encoding, last.character, false)
end

--- A suggestion from an item of the server's answer for this place; nil where it does not go with what stands there.
---@return codeassist.Suggestion?
function M.from_item(item, place, client)
  local start, stop = columns(item, place, client.offset_encoding)
  if not start or start > place.column or stop < place.column or type(item.insertText) ~= 'string' then
    return
  end
  local normalised = item.insertText:gsub('\r\n', '\n')
  return {
    place = place,
    left = place.line:sub(1, start),
    replaced = place.line:sub(place.column + 1, stop),
    right = place.line:sub(stop + 1),
    text = normalised,
    newline = item.insertText:find('\r\n', 1, true) and '\r\n' or '\n',
    item = item,
    client_id = client.id,
  }
end

--- What stands between the suggestion's start and the cursor; nil where anything else than that has changed.
local function typed(suggestion, now)
  local place = suggestion.place
  local n_typed = now.row - place.row
  if now.buffer ~= place.buffer or n_typed < 0 or now.n_lines ~= place.n_lines + n_typed then
    return
  end
  local lines = vim.api.nvim_buf_get_lines(now.buffer, place.row, now.row + 1, false)
  if lines[#lines]:sub(now.column + 1) ~= suggestion.replaced .. suggestion.right then
    return
  end
  lines[#lines] = lines[#lines]:sub(1, now.column)
  if vim.startswith(lines[1], suggestion.left) then
    lines[1] = lines[1]:sub(#suggestion.left + 1)
    return table.concat(lines, '\n')
  end
end

--- What is still to be shown at the cursor; nil where the text has gone another way.
---@return string?
function M.rest(suggestion, now)
  local before = typed(suggestion, now)
  return before and text.rest(suggestion.text, before)
end

--- Put the first `n_bytes` of the rest into the buffer, and the cursor behind; true when that was all of it.
function M.insert(suggestion, n_bytes)
  local now = M.place()
  local rest = assert(M.rest(suggestion, now))
  local is_all = n_bytes >= #rest
  local lines = vim.split(rest:sub(1, n_bytes), '\n', { plain = true })
  local stop = now.column + (is_all and #suggestion.replaced or 0)
  vim.api.nvim_buf_set_text(now.buffer, now.row, now.column, now.row, stop, lines)
  local column = (#lines == 1 and now.column or 0) + #lines[#lines]
  vim.api.nvim_win_set_cursor(0, { now.row + #lines, column })
  return is_all
end

--- UTF-16 units of the server's text that stand in the buffer now.
function M.accepted_length(suggestion)
  local rest = M.rest(suggestion, M.place()) or ''
  return text.utf16_length(suggestion.text, #suggestion.text - #rest, suggestion.newline)
end

return M
