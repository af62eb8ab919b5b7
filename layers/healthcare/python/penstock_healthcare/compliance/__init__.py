"""Compliance documents: templates that are data, filled in without running anything.

A template is one Markdown file in `penstock_healthcare/templates`: a header in TOML between `+++` lines that declares
its fields and the paragraphs that it answers, and a body (`body` has its notation). Values never become markup.

    render("breach_notice", data).markdown()

    ComplianceError
    ├── UnknownTemplate   there is none with this id
    ├── WrongData         fields that are missing, unknown or not right; carries them all
    └── BrokenTemplate    a template's file is not right; only its author sees it
"""

from penstock_healthcare.compliance.catalogue import template, templates
from penstock_healthcare.compliance.document import Document
from penstock_healthcare.compliance.errors import BrokenTemplate, ComplianceError, UnknownTemplate, WrongData
from penstock_healthcare.compliance.rendering import render

__all__ = [
    "BrokenTemplate",
    "ComplianceError",
    "Document",
    "UnknownTemplate",
    "WrongData",
    "render",
    "template",
    "templates",
]
