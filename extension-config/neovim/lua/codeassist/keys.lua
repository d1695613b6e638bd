-- Keys. Each is a <Plug> mapping, and one of the options' keys leads there; where there is no ghost text, a key does
-- what it did before.

local ghost = require('codeassist.ghost')
local text = require('codeassist.text')

local M = {}

local mapped = {} ---@type table<string, { lhs: string, mode: string, previous: table }>

--- What a key does: `when`, whether it is ours now; `run`, what then happens; `keys`, typed before.
local function taking(length)
  return {
    when = ghost.visible,
    run = function() ghost.take(length) end,
    is_edit = true,
  }
end

local function always() return true end

local function invoke()
  ghost.invoke(function(has_any)
    if not has_any then
      require('codeassist.commands').say_why_nothing()
    end
  end)
end

--- By name of the option; `mode` is that of the mapping.
M.ACTIONS = {
  accept = vim.tbl_extend('error', taking(string.len), { mode = 'i', desc = 'Take the ghost text' }),
  accept_word = vim.tbl_extend('error', taking(text.word_length), { mode = 'i', desc = 'Take its next word' }),
  accept_line = vim.tbl_extend('error', taking(text.line_length), { mode = 'i', desc = 'Take its next line' }),
  next = { mode = 'i', desc = 'Next alternative', when = always, run = function() ghost.cycle(1) end },
  previous = { mode = 'i', desc = 'Previous alternative', when = always, run = function() ghost.cycle(-1) end },
  dismiss = { mode = 'i', desc = 'Send the ghost text away', when = ghost.visible, run = ghost.dismiss },
  invoke = { mode = 'i', desc = 'Ask for a suggestion now', when = always, run = invoke },
  next_edit = {
    mode = 'n',
    desc = 'Show the next edit; once more: apply it',
    when = always,
    run = function() require('codeassist.next_edit').run() end,
  },
}

--- `<Plug>` name of an action.
function M.plug(name) return ('<Plug>(codeassist-%s)'):format((name:gsub('_', '-'))) end

--- Run an action; called by the keys that a mapping gives.
function M.run(name) M.ACTIONS[name].run() end

--- The keys that run an action. Taking a suggestion is one step of undo, whatever was typed before and after; and the
--- popup menu is closed first, with its chosen entry.
local function keys_of(name)
  local command = ("<Cmd>lua require('codeassist.keys').run('%s')<CR>"):format(name)
  if not M.ACTIONS[name].is_edit then
    return command
  end
  local closing = vim.fn.pumvisible() == 1 and '<C-y>' or ''
  return closing .. '<C-g>u' .. command .. '<C-g>u'
end

--- Type what a mapping that we took the key of would have given.
local function replay(previous)
  if previous.callback and previous.expr == 0 then
    vim.schedule(previous.callback)
    return
  end
  local keys = previous.callback and previous.callback() or previous.rhs
  if previous.expr == 1 and not previous.callback then
    keys = vim.api.nvim_eval(previous.rhs)
  end
  if type(keys) ~= 'string' then
    return
  end
  if previous.expr == 0 or previous.replace_keycodes == 1 then
    keys = vim.keycode(keys)
  end
  vim.api.nvim_feedkeys(keys, previous.noremap == 1 and 'in' or 'im', false)
end

local function map_plug(name, action)
  vim.keymap.set(
    action.mode,
    M.plug(name),
    function() return action.when() and vim.keycode(keys_of(name)) or '' end,
    { expr = true, replace_keycodes = false, desc = action.desc }
  )
end

local function map_key(name, action, lhs)
  local previous = vim.fn.maparg(lhs, action.mode, false, true)
  vim.keymap.set(action.mode, lhs, function()
    if action.when() then
      return vim.keycode(keys_of(name))
    elseif previous.lhs then
      replay(previous)
      return ''
    end
    return vim.keycode(lhs)
  end, { expr = true, replace_keycodes = false, desc = 'codeassist: ' .. action.desc })
  mapped[name] = { lhs = lhs, mode = action.mode, previous = previous }
end

local function restore(one)
  if M.is_ours(one.lhs, one.mode) then
    vim.keymap.del(one.mode, one.lhs)
    if one.previous.lhs and one.previous.buffer == 0 then
      vim.fn.mapset(one.mode, false, one.previous)
    end
  end
end

--- Whether a key is still mapped by us: another plugin may have taken it since.
function M.is_ours(lhs, mode)
  local found = vim.fn.maparg(lhs, mode, false, true)
  return vim.startswith(found.desc or '', 'codeassist: ')
end

--- Map the keys of the options; those that were mapped before get back what they did.
function M.map(wanted)
  vim.iter(vim.tbl_values(mapped)):each(restore)
  mapped = {}
  for name, action in pairs(M.ACTIONS) do
    map_plug(name, action)
    if wanted[name] then
      map_key(name, action, wanted[name])
    end
  end
end

return M
