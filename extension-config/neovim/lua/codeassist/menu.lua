-- Neovim's own popup menu: which entry is chosen there, and not in the buffer yet.

local M = {}

--- The chosen entry where it is not what stands left of the cursor already, and the byte column where it begins.
function M.selected()
  if vim.fn.pumvisible() == 0 then
    return
  end
  local info = vim.fn.complete_info({ 'selected', 'items' })
  local item = info.selected >= 0 and info.items[info.selected + 1] or nil
  local column = vim.api.nvim_win_get_cursor(0)[2]
  local left = vim.api.nvim_get_current_line():sub(1, column)
  if not item or vim.endswith(left, item.word) then
    return
  end
  return item.word, column - #vim.fn.matchstr(left, '\\k*$')
end

--- `selectedCompletionInfo` for the entry `word` that begins at byte column `start`.
function M.completion_info(word, start, place, encoding)
  local function position(column)
    return { line = place.row, character = vim.str_utfindex(place.line, encoding, column, false) }
  end
  return { text = word, range = { start = position(start), ['end'] = position(place.column) } }
end

return M
