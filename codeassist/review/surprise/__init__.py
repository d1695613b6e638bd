"""Changed lines -> what the completion model would rather have read there.

    stretches    which lines are read together: a function, or a part of it
    preparing    those in which something else could stand (`indexer.variants`), worth most first, within the budget
    laying       each as the gap of a fill-in-the-middle prompt, with code of the repository
    readings     the scores of its tokens -> the edits that the model may prefer
    reading      both asked of an engine, in steps: the only module that does
    calibration  how much likelier the text is with an edit, by kind -> how sure it is that this is a fault;
                 `calibration.json` has the numbers
    choosing     the readings that are worth a person's time; `wording` makes findings of them

Nothing is generated. One request scores a stretch; where the model prefers another token and an edit begins with just
that one, the text with the edit is scored to a little behind it, and the difference of both is what counts.
"""
