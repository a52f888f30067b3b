"""Files for other programs: CASE/UCO, HI-1, iCalendar, CSV, ASiC, CAdES."""
