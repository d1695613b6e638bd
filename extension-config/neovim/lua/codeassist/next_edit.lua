-- The next edit: the first press shows where and what, the second applies it.

local buffers = require('codeassist.buffers')
local text = require('codeassist.text')

local M = {}

local namespace = vim.api.nvim_create_namespace('codeassist.next_edit')
local group = vim.api.nvim_create_augroup('codeassist.next_edit', {})
local shown = nil ---@type { buffer: integer, tick: integer, edit: table, client: vim.lsp.Client }?

--- Take the preview away.
function M.dismiss()
  vim.api.nvim_clear_autocmds({ group = group })
  if shown and vim.api.nvim_buf_is_valid(shown.buffer) then
    vim.api.nvim_buf_clear_namespace(shown.buffer, namespace, 0, -1)
  end
  shown = nil
end

--- Rows and byte columns of a range, from 0; a place behind the last line is the end of the text.
local function bytes(buffer, range, encoding)
  local function byte(position)
    local line = vim.api.nvim_buf_get_lines(buffer, position.line, position.line + 1, false)[1]
    if line then
      return position.line, vim.str_byteindex(line, encoding, position.character, false)
    end
    local last = vim.api.nvim_buf_get_lines(buffer, -2, -1, false)[1]
    return vim.api.nvim_buf_line_count(buffer) - 1, #last
  end
  local row, column = byte(range.start)
  local end_row, end_column = byte(range['end'])
  return row, column, end_row, end_column
end

--- Row and column of the byte `n` bytes behind a place.
local function after(row, column, old, n)
  local before = vim.split(old:sub(1, n), '\n', { plain = true })
  return row + #before - 1, (#before == 1 and column or 0) + #before[#before]
end

local function in_lines(new)
  return vim.tbl_map(
    function(line) return { { text.without_tabs(line, 0), 'CodeassistAdd' } } end,
    vim.split(new, '\n', { plain = true })
  )
end

--- Mark what goes, and show what comes: in the line where it is a part of one, below it otherwise.
local function preview(buffer, edit, encoding)
  local row, column, end_row, end_column = bytes(buffer, edit.range, encoding)
  local old = table.concat(vim.api.nvim_buf_get_text(buffer, row, column, end_row, end_column, {}), '\n')
  local new = edit.text:gsub('\r\n', '\n')
  local n_start, n_end = text.shared(old, new)
  local start_row, start = after(row, column, old, n_start)
  local stop_row, stop = after(row, column, old, #old - n_end)
  local added = new:sub(n_start + 1, #new - n_end)
  local mark = { end_row = stop_row, end_col = stop, hl_group = 'CodeassistDelete' }
  vim.api.nvim_buf_set_extmark(buffer, namespace, start_row, start, mark)
  if added ~= '' and not added:find('\n', 1, true) then
    local inline = { virt_text = { { added, 'CodeassistAdd' } }, virt_text_pos = 'inline' }
    vim.api.nvim_buf_set_extmark(buffer, namespace, stop_row, stop, inline)
  elseif added ~= '' then
    vim.api.nvim_buf_set_extmark(buffer, namespace, stop_row, 0, { virt_lines = in_lines(added) })
  end
  return start_row, start
end

--- Bring the place on the screen, in the window that shows it already where there is one.
local function go_to(buffer, row, column)
  local window = vim.fn.bufwinid(buffer)
  if window == -1 then
    vim.cmd.buffer(buffer)
  else
    vim.api.nvim_set_current_win(window)
  end
  if row + 1 < vim.fn.line('w0') or row + 1 > vim.fn.line('w$') then
    vim.cmd("normal! m'")
    vim.api.nvim_win_set_cursor(0, { row + 1, column })
    vim.cmd('normal! zz')
  end
end

local function show(edit, client)
  local buffer = vim.uri_to_bufnr(edit.textDocument.uri)
  vim.fn.bufload(buffer)
  vim.bo[buffer].buflisted = true
  local row, column = preview(buffer, edit, client.offset_encoding)
  go_to(buffer, row, column)
  shown = { buffer = buffer, tick = vim.api.nvim_buf_get_changedtick(buffer), edit = edit, client = client }
  client:notify('textDocument/didShowInlineEdit', { item = edit })
  local events = { 'InsertEnter', 'TextChanged', 'BufLeave' }
  vim.api.nvim_create_autocmd(events, { group = group, buffer = buffer, once = true, callback = M.dismiss })
  vim.notify(('codeassist: line %d changes; once more applies it'):format(row + 1))
end

local function apply(taken)
  M.dismiss()
  local edit = { range = taken.edit.range, newText = taken.edit.text }
  vim.lsp.util.apply_text_edits({ edit }, taken.buffer, taken.client.offset_encoding)
  local row, column =
    bytes(taken.buffer, { start = edit.range.start, ['end'] = edit.range.start }, taken.client.offset_encoding)
  vim.api.nvim_win_set_cursor(0, { row + 1, column })
  if taken.edit.command then
    taken.client:exec_cmd(taken.edit.command, { bufnr = taken.buffer })
  end
end

local function ask()
  local buffer = vim.api.nvim_get_current_buf()
  local client = buffers.client(buffer)
  if not client then
    vim.notify('codeassist: no server is attached to this buffer', vim.log.levels.WARN)
    return
  end
  local params = vim.lsp.util.make_position_params(0, client.offset_encoding)
  local place = { uri = params.textDocument.uri, position = params.position }
  local tick = vim.api.nvim_buf_get_changedtick(buffer)
  require('codeassist.commands').execute(client, 'codeassist.nextEdit', place, function(edit)
    if vim.api.nvim_buf_get_changedtick(buffer) ~= tick then
      return
    elseif edit then
      show(edit, client)
    else
      vim.notify('codeassist: no next edit')
    end
  end)
end

--- Show the next edit, or apply the one that is shown.
function M.run()
  local taken = shown
  if taken and vim.api.nvim_buf_get_changedtick(taken.buffer) == taken.tick then
    apply(taken)
  else
    M.dismiss()
    ask()
  end
end

return M
