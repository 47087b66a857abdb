"""Small parts that know only Qt and the core: theme, formats, forms, menus, the message bar."""
