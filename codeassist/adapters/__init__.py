"""Small additions to the model's weights (LoRA), one for each repository that has one."""
