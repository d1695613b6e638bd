"""Changed lines -> what the completion model would rather have read there.

    stretches    which lines are read together: a function, or a part of it
    laying       a stretch as the gap of a fill-in-the-middle prompt, with code of the repository
    readings     every edit that the syntax allows, and the tokens in which it departs from what is written
    weighing     scores of the tokens -> how much likelier the text is with the edit than without
    calibration  that, by kind -> how sure it is that this is a fault; `calibration.json` has the numbers
    wording      the finding
    reading      all of these for one change, within a budget of tokens: the only module that asks an engine

Nothing is generated. One request scores a stretch; where the model prefers another token and an edit begins with just
that one, the text with the edit is scored to the end, and the difference of both is what counts.
"""
