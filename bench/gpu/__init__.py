"""What our engine does on a GPU, with a model of DeepSeek-Coder-V2-Lite's real sizes and random weights.

    python -m bench.gpu checkpoint --out MODELS                       # writes base and base with a draft layer: 32 GB
    python -m bench.gpu measure --models MODELS --out FILE CONFIG...  # one start of the engine for each
    python -m bench.gpu profile --models MODELS --out FILE CONFIG     # where the time of a decoding step goes
    python -m bench.gpu tune --out FOLDER                             # tiles of the experts' kernel for this GPU
    python -m bench.gpu memory --log LOG --out FILE CONFIG            # the doctor's prediction and what vLLM measured

Random weights give honest times of an architecture and never honest acceptance: drafts are taken at the rates that
`--rates` names (measured by `codeassist mtp measure` on a trained model). It needs vLLM, this repository and no
registry; `--small` rehearses all of it on a CPU in minutes.
"""
