-- Ghost text while you type. What is shown is told from the text alone: typing along or going back redraws at once and
-- asks nobody; anything else hides it and asks the server. Neovim's own inline completion (0.12) would leave a
-- suggestion on the screen that no longer fits, ask at every key, and take no words.

local buffers = require('codeassist.buffers')
local menu = require('codeassist.menu')
local overlay = require('codeassist.overlay')
local suggestions = require('codeassist.suggestion')
local text = require('codeassist.text')

local M = {}

local METHOD = 'textDocument/inlineCompletion'
local INVOKED, AUTOMATIC = 1, 2
local MOST_EARLIER = 8

local group = vim.api.nvim_create_augroup('codeassist.ghost', {})
local timer = assert(vim.uv.new_timer())
local choices = {} ---@type codeassist.Suggestion[]
local index = 1
local earlier = {} ---@type codeassist.Suggestion[] newest first; going back to where one was made shows it again
local pending = nil ---@type { client: vim.lsp.Client, id: integer }?
local seen = nil ---@type string? the text and place that the last event was about
local dismissed = nil ---@type string?

local function in_insert_mode() return vim.api.nvim_get_mode().mode:sub(1, 1) == 'i' end

local function cancel()
  timer:stop()
  if pending then
    pending.client:cancel_request(pending.id)
    pending = nil
  end
end

--- A word for text, cursor and chosen menu entry as they are.
local function moment()
  local place = suggestions.place()
  local tick = vim.api.nvim_buf_get_changedtick(place.buffer)
  return table.concat({ place.buffer, tick, place.row, place.column, menu.selected() or '' }, ' ')
end

local function rest_of(suggestion, now)
  local selected = menu.selected()
  if selected and suggestion.place.selected ~= selected then
    return
  end
  local rest = suggestions.rest(suggestion, now)
  return rest and (rest ~= '' or suggestion.replaced ~= '') and rest or nil
end

--- The suggestion that fits here, what is left of it, and the place; nil when none does.
local function fitting()
  if not in_insert_mode() or dismissed == moment() or buffers.why_not(0) then
    return
  end
  local now = suggestions.place()
  for _, suggestion in ipairs(vim.list_extend({ choices[index] }, earlier)) do
    local rest = rest_of(suggestion, now)
    if rest then
      return suggestion, rest, now
    end
  end
end

local function tell_shown(suggestion)
  local client = vim.lsp.get_client_by_id(suggestion.client_id)
  if client and not suggestion.was_shown then
    suggestion.was_shown = true
    client:notify('textDocument/didShowCompletion', { item = suggestion.item })
  end
end

--- Show what fits here, or nothing; whether something does.
local function draw()
  local suggestion, rest, now = fitting()
  if not suggestion then
    overlay.hide()
    return false
  end
  local hint = suggestion == choices[index] and #choices > 1 and (' (%d/%d)'):format(index, #choices) or nil
  overlay.show(now, rest, hint, suggestion.replaced)
  tell_shown(suggestion)
  return true
end

--- step: which item is shown first, counted from the first one.
local function take_answer(result, place, client, step)
  local items = result.items or result
  local before = vim.list_slice(vim.list_extend({ choices[index] }, earlier), 1, MOST_EARLIER)
  earlier = #items > 0 and before or {}
  choices, index = {}, 1
  for _, item in ipairs(items) do
    choices[#choices + 1] = suggestions.from_item(item, place, client)
  end
  index = #choices > 0 and step % #choices + 1 or 1
  draw()
end

--- Ask the server. step: see `take_answer`. on_answer: called with whether there is anything to show, unless another
--- request has come.
local function ask(kind, step, on_answer)
  cancel()
  local place = suggestions.place()
  local client = buffers.client(place.buffer)
  if not client or not in_insert_mode() or buffers.why_not(place.buffer) then
    return
  end
  local params = vim.lsp.util.make_position_params(0, client.offset_encoding)
  params.context = { triggerKind = kind }
  local word, start = menu.selected()
  if word then
    place.selected = word
    params.context.selectedCompletionInfo = menu.completion_info(word, start, place, client.offset_encoding)
  end
  local request = { client = client }
  local is_sent, id = client:request(METHOD, params, function(_, result)
    if pending ~= request then
      return
    end
    pending = nil
    if type(result) == 'table' then -- null is nil or vim.NIL
      take_answer(result, place, client, step)
    end
    if on_answer then
      on_answer(#choices > 0)
    end
  end, place.buffer)
  if is_sent then
    request.id = id
    pending = request
  end
end

local function ask_soon()
  cancel()
  if buffers.options.automatic and vim.fn.reg_executing() == '' then
    timer:start(buffers.options.delay_ms, 0, vim.schedule_wrap(function() ask(AUTOMATIC, 0) end))
  end
end

local function on_change()
  if not in_insert_mode() or seen == moment() then
    return
  end
  seen = moment()
  if draw() then
    cancel()
  else
    ask_soon()
  end
end

--- A character is about to be typed: shorten what is shown before it is, for the screen may be drawn before
--- TextChangedI comes (where `:syntax` is on), and would show the character twice.
local function before_character()
  local suggestion, rest, now = fitting()
  if not suggestion then
    return
  end
  rest = text.rest(rest, vim.v.char)
  if rest and rest ~= '' then
    overlay.show(now, rest, nil, suggestion.replaced)
  else
    overlay.hide()
  end
end

--- Take away what is shown, and forget it.
local function forget()
  cancel()
  choices, index, earlier, seen, dismissed = {}, 1, {}, nil, nil
  overlay.hide()
end

local function on_mode_change()
  if in_insert_mode() then
    on_change()
  else
    forget()
  end
end

--- Follow what is typed; `false` stops that and takes away what is shown.
function M.enable(enable)
  vim.api.nvim_clear_autocmds({ group = group })
  forget()
  if enable == false then
    return
  end
  local function on(events, callback) vim.api.nvim_create_autocmd(events, { group = group, callback = callback }) end
  on({ 'TextChangedI', 'TextChangedP', 'CursorMovedI', 'CompleteChanged', 'CompleteDone' }, on_change)
  on('InsertCharPre', before_character)
  on('ModeChanged', on_mode_change)
  on({ 'BufLeave', 'WinLeave' }, forget)
  on({ 'ColorScheme' }, overlay.define_highlights)
end

--- Ask once more at the same place: a server has come, or has more to say.
function M.refresh()
  seen = nil
  on_change()
end

--- Whether there is ghost text on the screen.
function M.visible() return fitting() ~= nil end

--- Put a part of what is shown into the buffer. length: bytes to take of a text. False when nothing is shown.
function M.take(length)
  local suggestion, rest = fitting()
  if not suggestion then
    return false
  end
  local is_all = suggestions.insert(suggestion, length(rest))
  local client = vim.lsp.get_client_by_id(suggestion.client_id)
  if is_all then
    choices, earlier = {}, {}
    if client and suggestion.item.command then
      client:exec_cmd(suggestion.item.command, { bufnr = suggestion.place.buffer })
    end
  elseif client then
    local taken = { item = suggestion.item, acceptedLength = suggestions.accepted_length(suggestion) }
    client:notify('textDocument/didPartiallyAcceptCompletion', taken)
  end
  on_change()
  return true
end

--- Show the next alternative (`step` 1) or the previous one (-1). The others come when they are asked for first.
function M.cycle(step)
  if #choices > 1 and M.visible() then
    index = (index - 1 + step) % #choices + 1
    draw()
  else
    ask(INVOKED, M.visible() and step or 0)
  end
end

--- Ask now, also where typing alone would bring nothing. on_answer: see `ask`.
function M.invoke(on_answer)
  dismissed = nil
  ask(INVOKED, 0, on_answer)
end

--- Send the ghost text away until the next key.
function M.dismiss()
  cancel()
  dismissed = moment()
  seen = dismissed
  draw()
end

return M
