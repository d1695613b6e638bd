"""Does the engine say the same in all of its configurations, and on a GPU the same as on a CPU?

    python -m bench.engine_agreement answer none mtp1 lora-mtp1 merged --data REPOSITORY... --out RECORDS
    python -m bench.engine_agreement compare RECORDS/*.json --on-cpu CPU/mtp1.json CPU/merged.json

`answer` starts the model in the package in each of these, one after the other, and writes RECORDS/NAME.json: greedy
answers to prompts from the repositories' Python files, the same once more, answers that have to begin with something,
and how likely the model finds each prompt's end. It runs on a GPU and on a CPU. The parts of a name, joined by `-`:

    none, mtp1, ngram3   what drafts, and how many tokens in a step
    lora, merged         with an adapter of random matrices; without it, but with those added to the weights
    tp2, ep              two GPUs; experts whole on one of them
    v1, v2               vLLM's older or newer runner for GPUs, by VLLM_USE_V2_MODEL_RUNNER; else what we choose

`compare` holds records of a GPU against each other and against records of a CPU, and writes
bench/results/gpu_agreement.json. Seconds are honest only where nothing else ran.
"""
