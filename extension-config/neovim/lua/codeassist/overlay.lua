-- Draws ghost text: the first line behind the cursor, the others below. One extmark is moved and rewritten, never
-- taken away and set again, so that nothing flickers.

local text = require('codeassist.text')

local M = {}

local MARK = 1
local namespace = vim.api.nvim_create_namespace('codeassist.ghost')
local drawn_in = nil ---@type integer?

--- Highlight groups, each a link that a colour scheme or the user may set.
M.HIGHLIGHTS = {
  CodeassistGhost = 'Comment',
  CodeassistHint = 'NonText',
  CodeassistReplaced = 'DiffDelete',
  CodeassistAdd = 'DiffAdd',
  CodeassistDelete = 'DiffDelete',
}

--- Define the groups that nobody has defined.
function M.define_highlights()
  for group, link in pairs(M.HIGHLIGHTS) do
    vim.api.nvim_set_hl(0, group, { link = link, default = true })
  end
end

--- Lines as chunks of virtual text, and of the first one what covers the text that it replaces.
local function chunks(rest, hint, replaced)
  local lines = vim.split(rest, '\n', { plain = true })
  local shown = {}
  for n, line in ipairs(lines) do
    local column = n == 1 and vim.fn.virtcol('.') - 1 or 0
    shown[n] = { { text.without_tabs(line, column), 'CodeassistGhost' } }
  end
  -- What the first line ends with and what stands there already is one and the same to the eye.
  if replaced ~= '' and #lines == 1 and vim.endswith(rest, replaced) then
    shown[1][1][1] = text.without_tabs(rest:sub(1, -#replaced - 1), vim.fn.virtcol('.') - 1)
    replaced = ''
  end
  if hint then
    table.insert(shown[#shown], { hint, 'CodeassistHint' })
  end
  return shown, replaced
end

--- Show `rest` at a place. hint: a few words behind it. replaced: what taking it would remove right of the cursor.
---@param now codeassist.Place
function M.show(now, rest, hint, replaced)
  local shown, removed = chunks(rest, hint, replaced)
  if drawn_in and drawn_in ~= now.buffer then
    M.hide()
  end
  vim.api.nvim_buf_set_extmark(now.buffer, namespace, now.row, now.column, {
    id = MARK,
    virt_text = shown[1],
    virt_text_pos = 'inline',
    virt_lines = vim.list_slice(shown, 2),
    hl_mode = 'combine',
    end_col = now.column + #removed,
    hl_group = removed ~= '' and 'CodeassistReplaced' or nil,
  })
  drawn_in = now.buffer
end

--- Take away what is shown.
function M.hide()
  if drawn_in and vim.api.nvim_buf_is_valid(drawn_in) then
    vim.api.nvim_buf_del_extmark(drawn_in, namespace, MARK)
  end
  drawn_in = nil
end

return M
