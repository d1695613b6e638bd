-- `:checkhealth codeassist`.

local buffers = require('codeassist.buffers')
local keys = require('codeassist.keys')
local server = require('codeassist.server')

local M = {}

local health = vim.health
local VERSION_WITHIN_MS = 20000

-- Other plugins that draw ghost text or answer to Tab, by a module or command that they bring.
local RIVALS = {
  ['copilot.vim'] = function() return vim.g.loaded_copilot == 1 end,
  ['copilot.lua'] = function() return package.loaded['copilot'] ~= nil end,
  ['supermaven-nvim'] = function() return package.loaded['supermaven-nvim'] ~= nil end,
  ['codeium.vim'] = function() return vim.g.loaded_codeium == 1 end,
  ['vim-tabby'] = function() return vim.g.loaded_tabby == 1 end,
  ['llama.vim'] = function() return vim.fn.exists('*llama#init') == 1 end,
  ['minuet-ai.nvim'] = function() return package.loaded['minuet'] ~= nil end,
}

local function check_neovim()
  health.start('Neovim')
  health.ok(('%s'):format(vim.version()))
  health.info('inline completion: drawn by this plugin, in Neovim 0.11 and 0.12 alike')
  if vim.lsp.inline_completion and vim.lsp.inline_completion.is_enabled({ bufnr = 0 }) then
    health.warn(
      "Neovim's own inline completion is on as well, for other servers",
      'Two ghost texts at one place cannot both be read: vim.lsp.inline_completion.enable(false)'
    )
  end
end

local function check_program()
  if not server.command then
    health.info('the server is started by a function of yours')
    return
  end
  local program = server.command[1]
  if vim.fn.executable(program) == 0 then
    health.error(server.remedy(program))
    return
  end
  health.ok('found: ' .. vim.fn.exepath(program))
  if vim.fs.basename(program) ~= 'codeassist' then
    return
  end
  local done = vim.system({ program, '--version' }, { text = true, timeout = VERSION_WITHIN_MS }):wait()
  local said = vim.trim((done.stdout or '') .. (done.code ~= 0 and done.stderr or ''))
  if done.code == 0 then
    health.ok('version: ' .. said)
  else
    health.error(('`%s --version` ends with code %d: %s'):format(program, done.code, said))
  end
end

local function check_client(client)
  local state = server.state(vim.tbl_keys(client.attached_buffers)[1] or 0) or {}
  local engine, index = state.engine or {}, state.index or {}
  local where = client.root_dir and vim.fn.fnamemodify(client.root_dir, ':~') or 'no folder'
  health.ok(('runs in %s for %d buffer(s)'):format(where, vim.tbl_count(client.attached_buffers)))
  local report = engine.state == 'failed' and health.error or engine.state == 'ready' and health.ok or health.warn
  report(('engine: %s %s (%s)'):format(engine.state or 'not heard of yet', engine.message or '', state.model or ''))
  health.info(('index: %s, %s files'):format(index.state or 'not heard of yet', tostring(index.files or 'unknown')))
  if state.enabled == false then
    health.warn('suggestions are off', ':Codeassist enable')
  end
end

local function check_server()
  health.start('Server')
  check_program()
  local clients = vim.lsp.get_clients({ name = 'codeassist' })
  if not vim.lsp.is_enabled('codeassist') then
    health.error('it is not enabled', "vim.lsp.enable('codeassist')")
  elseif #clients == 0 then
    health.warn('it does not run', { 'Open a file that has a file type', ':Codeassist log says why a start failed' })
  end
  vim.iter(clients):each(check_client)
end

local function check_buffers()
  health.start('Buffers')
  for _, buffer in ipairs(vim.api.nvim_list_bufs()) do
    local name = vim.api.nvim_buf_get_name(buffer)
    if vim.bo[buffer].buflisted and name ~= '' then
      local reason = buffers.why_not(buffer)
      local state = buffers.client(buffer) and 'attached' or 'not attached'
      health.info(('%s: %s'):format(vim.fn.fnamemodify(name, ':~:.'), reason and 'no suggestions, ' .. reason or state))
    end
  end
end

local function check_keys()
  health.start('Keys')
  for _, name in ipairs(vim.fn.sort(vim.tbl_keys(keys.ACTIONS))) do
    local lhs, mode = buffers.options.keys[name], keys.ACTIONS[name].mode
    if not lhs then
      health.info(('%s: no key; map %s'):format(name, keys.plug(name)))
    elseif keys.is_ours(lhs, mode) then
      health.ok(('%s: %s'):format(name, lhs))
    else
      local other = vim.fn.maparg(lhs, mode, false, true)
      local who = other.desc or other.rhs or 'a function'
      health.warn(('%s: %s was mapped by another since: %s'):format(name, lhs, who), 'Map ' .. keys.plug(name))
    end
  end
end

local function check_rivals()
  health.start('Other plugins')
  local found = vim.fn.sort(vim.tbl_filter(function(name) return RIVALS[name]() end, vim.tbl_keys(RIVALS)))
  if #found == 0 then
    health.ok('no other one that draws ghost text')
  end
  for _, name in ipairs(found) do
    health.warn(name .. ' draws ghost text as well', 'Switch one of the two off, or their texts lie on one another')
  end
end

--- Called by `:checkhealth`.
function M.check()
  check_neovim()
  check_server()
  check_buffers()
  check_keys()
  check_rivals()
end

return M
