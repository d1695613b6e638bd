" llama.vim with `codeassist serve`: into your vimrc or init.vim, before the plugin is loaded.
let g:llama_config = {
    \ 'endpoint_fim': 'http://127.0.0.1:8311/infill',
    \ 'endpoint_inst': 'http://127.0.0.1:8311/v1/chat/completions',
    \ }
