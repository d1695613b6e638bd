-- Ghost text for Neovim 0.11, which has no `vim.lsp.inline_completion` yet; the same two calls, `enable` and `get`.

local M = {}

local METHOD = 'textDocument/inlineCompletion'
local AUTOMATIC = 2
local PAUSE_MS = 150

local namespace = vim.api.nvim_create_namespace('codeassist.ghost')
local group = vim.api.nvim_create_augroup('codeassist.ghost', {})
local timer = assert(vim.uv.new_timer())
local shown = nil ---@type { buffer: integer, tick: integer, item: lsp.InlineCompletionItem, client: vim.lsp.Client }?
local pending = nil ---@type { client: vim.lsp.Client, id: integer }?

local function hide()
  if shown then
    vim.api.nvim_buf_clear_namespace(shown.buffer, namespace, 0, -1)
    shown = nil
  end
end

local function cancel()
  timer:stop()
  if pending then
    pending.client:cancel_request(pending.id)
    pending = nil
  end
end

local function in_insert_mode()
  return vim.api.nvim_get_mode().mode:sub(1, 1) == 'i'
end

--- The part of the text that is not typed yet: an item may repeat what stands left of the cursor.
local function rest_of(item, client)
  local cursor = vim.api.nvim_win_get_cursor(0)
  local line = vim.api.nvim_get_current_line()
  local start = item.range and item.range.start or nil
  local column = start and vim.str_byteindex(line, client.offset_encoding, start.character, false) or cursor[2]
  local typed = line:sub(column + 1, cursor[2])
  if vim.startswith(item.insertText, typed) then
    return item.insertText:sub(#typed + 1)
  end
end

local function show(item, client, buffer)
  local rest = rest_of(item, client)
  if not rest or rest == '' then
    return
  end
  local cursor = vim.api.nvim_win_get_cursor(0)
  local lines = vim.split(rest, '\n', { plain = true })
  local below = vim.tbl_map(function(line)
    return { { line, 'Comment' } }
  end, vim.list_slice(lines, 2))
  vim.api.nvim_buf_set_extmark(buffer, namespace, cursor[1] - 1, cursor[2], {
    virt_text = { { lines[1], 'Comment' } },
    virt_text_pos = 'inline',
    virt_lines = below,
  })
  shown = { buffer = buffer, tick = vim.b[buffer].changedtick, item = item, client = client }
end

local function request()
  local buffer = vim.api.nvim_get_current_buf()
  local client = vim.lsp.get_clients({ bufnr = buffer, name = 'codeassist' })[1]
  if not client or not in_insert_mode() then
    return
  end
  local params = vim.lsp.util.make_position_params(0, client.offset_encoding)
  params.context = { triggerKind = AUTOMATIC }
  local tick, cursor = vim.b[buffer].changedtick, vim.api.nvim_win_get_cursor(0)
  local _, id = client:request(METHOD, params, function(_, result)
    pending = nil
    local item = result and (result.items or result)[1]
    local is_current = vim.api.nvim_get_current_buf() == buffer
      and vim.b[buffer].changedtick == tick
      and vim.deep_equal(vim.api.nvim_win_get_cursor(0), cursor)
    if item and is_current and in_insert_mode() then
      hide()
      show(item, client, buffer)
    end
  end, buffer)
  pending = id and { client = client, id = id } or nil
end

local function request_soon()
  hide()
  cancel()
  timer:start(PAUSE_MS, 0, vim.schedule_wrap(request))
end

--- Ask for ghost text while in insert mode; `false` stops that and takes away what is shown.
function M.enable(enable)
  vim.api.nvim_clear_autocmds({ group = group })
  hide()
  cancel()
  if enable == false then
    return
  end
  vim.api.nvim_create_autocmd({ 'InsertEnter', 'CursorMovedI', 'TextChangedP' }, { group = group, callback = request_soon })
  vim.api.nvim_create_autocmd({ 'InsertLeave', 'BufLeave' }, {
    group = group,
    callback = function()
      hide()
      cancel()
    end,
  })
end

--- Take what is shown; false when nothing is. May be called from an `expr` mapping.
function M.get()
  local taken = shown
  if not taken or taken.tick ~= vim.b[taken.buffer].changedtick then
    return false
  end
  vim.schedule(function()
    hide()
    local item, client = taken.item, taken.client
    local edit = { range = item.range, newText = item.insertText }
    vim.lsp.util.apply_text_edits({ edit }, taken.buffer, client.offset_encoding)
    local lines = vim.split(item.insertText, '\n', { plain = true })
    local row = item.range.start.line + #lines
    local start = #lines == 1 and item.range.start.character or 0
    local line = vim.api.nvim_buf_get_lines(taken.buffer, row - 1, row, false)[1]
    local before = vim.str_byteindex(line, client.offset_encoding, start, false)
    vim.api.nvim_win_set_cursor(0, { row, before + #lines[#lines] })
    if item.command then
      client:exec_cmd(item.command, { bufnr = taken.buffer })
    end
  end)
  return true
end

return M
