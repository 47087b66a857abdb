"""How the window's tables look: rows of one height without a grid, figures of one width."""

from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView

from workbench.gui.widgets.theme import tabular


def dress(table: QTableView, row_px: int) -> None:
    """Make `table` one of whole rows, read-only and without numbers of its rows."""
    table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
    table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
    table.setShowGrid(False)
    table.setWordWrap(False)
    table.setTabKeyNavigation(False)
    table.setFont(tabular(table.font()))
    table.verticalHeader().hide()
    table.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
    table.verticalHeader().setDefaultSectionSize(row_px)
    table.horizontalHeader().setHighlightSections(False)
