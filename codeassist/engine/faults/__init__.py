"""What goes wrong inside of vLLM, torch and Triton, by the words they have for it: tables that `diagnosis.py` reads."""
