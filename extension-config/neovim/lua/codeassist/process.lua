-- Starts the server's process for a client of Neovim's, at once or after a pause, and keeps how it ends to us.

local M = {}

M.pause_s = 0 -- before the next start
M.real_end = nil ---@type { [1]: integer, [2]: integer }? exit code and signal of a process, while its end is told

--- Neovim would say how a server ended in a line that is longer than most screens, and then wait for Enter, whatever
--- the user is typing: it is told of an orderly end, and we say the rest in fewer words.
local function tell_end(dispatchers, code, signal)
  M.real_end = { code, signal }
  dispatchers.on_exit(0, 0)
  M.real_end = nil
end

local function start(command, dispatchers, config)
  local own = vim.tbl_extend('force', dispatchers, {
    on_exit = function(code, signal) tell_end(dispatchers, code, signal) end,
  })
  local options = { cwd = config.cmd_cwd, env = config.cmd_env, detached = config.detached }
  return vim.lsp.rpc.start(command, own, options)
end

--- A connection to a process that starts after a pause; what is sent until then waits. The client is there meanwhile:
--- a buffer that changes while it has no client is never followed again by Neovim 0.11 and 0.12.
local function start_later(command, dispatchers, config, pause_s)
  local real, queue, is_closing, rpc = nil, {}, false, {}
  vim.defer_fn(function()
    if is_closing then
      return
    end
    local is_started, result = pcall(start, command, dispatchers, config)
    if not is_started then
      is_closing = true
      tell_end(dispatchers, 127, 0)
      return
    end
    real = result
    for _, send in ipairs(queue) do
      send()
    end
  end, pause_s * 1000)
  for _, method in ipairs({ 'request', 'notify' }) do
    rpc[method] = function(...)
      if real then
        return real[method](...)
      end
      local arguments = { ... }
      table.insert(queue, function() real[method](unpack(arguments)) end)
      return true, 0
    end
  end
  function rpc.is_closing() return is_closing or (real ~= nil and real.is_closing()) end
  function rpc.terminate()
    if real then
      real.terminate()
    elseif not is_closing then
      is_closing = true
      dispatchers.on_exit(0, 0)
    end
  end
  return rpc
end

--- A command line as a function for `cmd` of `vim.lsp.config`.
function M.starter(command)
  return function(dispatchers, config)
    local pause_s = M.pause_s
    M.pause_s = 0
    if pause_s > 0 then
      return start_later(command, dispatchers, config, pause_s)
    end
    return start(command, dispatchers, config)
  end
end

return M
