"""The fleet: screens, their classes and groups, reach, enrolment, states, plays, receipts, captures, retention."""
