"""The fleet: screens, groups, enrolment, health and receipts."""
