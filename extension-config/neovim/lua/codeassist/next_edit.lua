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

local function mark(buffer, row, column, how) vim.api.nvim_buf_set_extmark(buffer, namespace, row, column, how) end

--- Mark in the line what goes, and show behind it what comes.
local function preview_in_line(buffer, row, column, old, new)
  local n_start, n_end = text.shared(old, new)
  local start, stop = column + n_start, column + #old - n_end
  local added = new:sub(n_start + 1, #new - n_end)
  mark(buffer, row, start, { end_row = row, end_col = stop, hl_group = 'CodeassistDelete' })
  if added ~= '' then
    mark(buffer, row, stop, { virt_text = { { added, 'CodeassistAdd' } }, virt_text_pos = 'inline' })
  end
  return row, start
end

--- Mark the whole lines that go, and show below them those that come.
local function preview_lines(buffer, row, old, new)
  local n_start, n_end = text.shared_lines(old, new)
  local first, last = row + n_start, row + #old - n_end - 1
  for n = first, last do
    mark(buffer, n, 0, { end_row = n, end_col = #old[n - row + 1], hl_group = 'CodeassistDelete' })
  end
  local added = vim.tbl_map(
    function(line) return { { text.without_tabs(line, 0), 'CodeassistAdd' } } end,
    vim.list_slice(new, n_start + 1, #new - n_end)
  )
  if #added > 0 then
    mark(buffer, math.max(last, 0), 0, { virt_lines = added, virt_lines_above = last < 0 })
  end
  return math.max(first, 0), 0
end

--- Show what an edit does; the row and column of its first change.
local function preview(buffer, edit, encoding)
  local row, column, end_row, end_column = bytes(buffer, edit.range, encoding)
  local new = edit.text:gsub('\r\n', '\n')
  if row == end_row and not new:find('\n', 1, true) then
    local old = vim.api.nvim_buf_get_text(buffer, row, column, row, end_column, {})[1]
    return preview_in_line(buffer, row, column, old, new)
  end
  local lines = vim.api.nvim_buf_get_lines(buffer, row, end_row + 1, false)
  local whole = lines[1]:sub(1, column) .. new .. lines[#lines]:sub(end_column + 1)
  return preview_lines(buffer, row, lines, vim.split(whole, '\n', { plain = true }))
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
