"""A chat model reads a change.

    cleaning     what it sees of a line: no secrets, no characters that nobody sees, no words that speak to a model
    portions     a changed file -> stretches of it, as many as one question has room for
    surroundings what the index knows of the changed code: definitions, callers, tests, similar code
    prompts      all of that -> messages (pure; golden files hold them)
    answers      the forms that answers have, and what is read from them
    anchoring    a claim -> a finding at the lines that it quotes, or nothing
    conversing   each portion is asked about, and each claim once more by itself; failures and time limits

Each file has conversations of its own, and so has each claim: what stands in one file can bend no word about another.
What other changed files add to a conversation is their code without comments and strings. A model's answer is only
ever read: as findings at changed lines of the file that was shown, with a replacement of just these lines.
"""
