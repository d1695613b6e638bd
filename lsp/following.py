"""What a user does with one suggestion, seen in the edits that follow it and in what the editor tells."""

from __future__ import annotations

from dataclasses import replace

from codeassist.statistics.record import KEPT_AFTER_S, Record
from lsp.documents import Document
from lsp.stretches import Edit, Stretch, before, moved_by, text_between, with_lf
from lsp.suggestions import Offer

# What an editor adds by itself when the first of the two is typed.
_PAIRS = ("()", "[]", "{}", '""', "''", "``")


class Followed:
    """One suggestion from when it was shown. `record` is replaced whenever the user does something with it.

    stretch: where the accepted text is; None while nothing is accepted, and once it cannot be told any more.
    taken: the accepted text.
    """

    def __init__(self, record: Record, offer: Offer) -> None:
        self.record = record
        self.stretch: Stretch | None = None
        self.taken = ""
        self._n_seen = 0
        self._awaits_edit = False
        self.offered(offer)

    @property
    def is_live(self) -> bool:
        """Whether edits still say anything of it: it is on the screen, or what was accepted will be looked at."""
        return self._place is not None or self.stretch is not None

    def offered(self, offer: Offer) -> None:
        """It is shown, or shown again: what is left of it, and what it would replace."""
        self._rest = with_lf(offer.text)
        self._place: Stretch | None = Stretch(offer.start, offer.end)
        self._n_before, self._n_offered = self.record.taken, len(self._rest)
        self._typed, self._typed_at = "", Stretch(offer.start, offer.start)

    def hidden(self) -> None:
        """It is not on the screen any more: what is typed there now has nothing to do with it."""
        self._place = None

    def edited(self, edit: Edit, document: Document, at: float) -> None:
        """The document was edited. document: as it is after all edits of one message. at: seconds since 1970."""
        place = self._place
        self.stretch = self.stretch.after(edit) if self.stretch else None
        if place is None or before(edit.end, place.start) or before(place.end, edit.start):
            self._place = place.after(edit) if place else None
            self._typed_at = self._typed_at.after(edit) or self._typed_at
            return
        n_there = self._n_there(place, edit, document)
        if n_there:
            self._went_on(place, n_there, edit, at)
        else:
            self._place = None  # Something else was done here; it may still be shown again.

    def accepted(self, at: float, document: Document) -> None:
        """The editor says that all of it was taken: as a rule right after the edit, which has told that already."""
        if self.record.is_whole:
            return
        piece, place = self._rest, self._place
        if not piece:  # Some editors put in what was accepted letter by letter, so that it seemed to be typed.
            piece, place = self._typed, self._typed_at
            self.record = replace(self.record, typed=self.record.typed - len(piece))
        self._take(len(piece), at)
        self.record = replace(self.record, is_whole=True)
        where = Stretch(place.start, moved_by(place.start, piece)) if place else None
        if where is not None and text_between(document, where.start, where.end) == piece:
            self._follow(where, piece)
            self._rest, self._place = "", None
        self._awaits_edit = bool(self._rest)

    def partly_accepted(self, n_characters: int, at: float) -> None:
        """The editor says that so much was taken of what it was last sent; the edit may have told that already."""
        n_taken = self._n_before + min(n_characters, self._n_offered)
        if n_taken > self.record.taken:
            self.record = replace(self.record, taken=n_taken, accepted_at=self.record.accepted_at or at)
        if n_characters and n_characters >= self._n_offered:
            self.record = replace(self.record, is_whole=True)

    def looked_at(self, after_s: int, changed: float) -> None:
        """What was accepted was compared with what stands there, so many seconds later."""
        if after_s == KEPT_AFTER_S[0]:
            self.record = replace(self.record, changed_30=changed)
        else:
            self.record = replace(self.record, changed_300=changed)
            self.stretch = None

    def _n_there(self, place: Stretch, edit: Edit, document: Document) -> int:
        """How much of what was left of the suggestion the edit has put in its place; 0 when it did something else."""
        rest, piece = self._rest, edit.text
        if piece and edit.start == place.start and edit.end in (place.start, place.end):
            if rest.startswith(piece):
                return len(piece)
            if piece in _PAIRS and rest.startswith(piece[0]):
                return 1
        # Some editors tell the least change that leads to the text, not what was put where.
        is_there = len(piece) > 1 and text_between(document, place.start, moved_by(place.start, rest)) == rest
        return len(rest) if is_there else 0

    def _went_on(self, place: Stretch, n_there: int, edit: Edit, at: float) -> None:
        piece, self._rest = self._rest[:n_there], self._rest[n_there:]
        where = Stretch(place.start, moved_by(place.start, piece))
        if self._awaits_edit:
            self._follow(where, piece)
        elif _is_taken(piece, self._rest):
            self._take(n_there, at)
            self._follow(where, piece)
            self.record = replace(self.record, is_whole=self.record.is_whole or not self._rest)
            self._typed, self._typed_at = "", Stretch(where.end, where.end)
        else:
            self.record = replace(self.record, typed=self.record.typed + n_there)
            self._typed, self._typed_at = self._typed + piece, Stretch(self._typed_at.start, where.end)
        moved = place.after(edit)
        end = moved.end if moved and before(where.end, moved.end) else where.end
        self._place = Stretch(where.end, end) if self._rest else None
        self._awaits_edit = self._awaits_edit and bool(self._rest)

    def _take(self, n_characters: int, at: float) -> None:
        """What was told by the editor, and is seen only now, counts once."""
        self._n_seen += n_characters
        n_taken = max(self._n_seen, self.record.taken)
        self.record = replace(self.record, taken=n_taken, accepted_at=self.record.accepted_at or at)

    def _follow(self, where: Stretch, piece: str) -> None:
        """A further piece directly behind the one before makes one stretch with it."""
        goes_on = self.stretch is not None and self.stretch.end == where.start
        start = self.stretch.start if self.stretch and goes_on else where.start
        self.stretch, self.taken = Stretch(start, where.end), (self.taken if goes_on else "") + piece


def _is_taken(piece: str, rest: str) -> bool:
    """Whether so much at a time was accepted by the word, the line or as a whole, rather than typed quickly.

    Some editors tell several keys at once, and few hands stop at the end of a word each time.
    """
    return len(piece) > 1 and not (rest and _is_word(piece[-1]) and _is_word(rest[0]))


def _is_word(character: str) -> bool:
    return character.isalnum() or character == "_"
