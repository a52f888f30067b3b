"""The words of data elements, and of instruments where a sentence names one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

ELEMENT_WORDS: Final[Mapping[str, str]] = {
    "name": "the name of the user",
    "date-of-birth": "the date of birth",
    "postal-address": "the postal address",
    "email-address": "e-mail addresses",
    "telephone-number": "telephone numbers",
    "billing-record": "records of billing",
    "payment-means": "means of payment",
    "service-type": "the type of the service",
    "service-period": "the period of the service",
    "installation-site": "the place of installation",
    "registration-ip": "the IP address at registration",
    "login-ip": "IP addresses at login",
    "connection-log": "logs of connections",
    "message-headers": "headers of messages",
    "device-location": "locations of a device",
    "message-content": "the content of messages",
    "stored-files": "stored files",
    "voice-messages": "voice messages",
    "domain-holder": "the holder of the domain name",
    "domain-contact": "the contacts of the domain name",
    "domain-dates": "the dates of the domain name",
}
INSTRUMENT_WORDS: Final[Mapping[str, str]] = {
    "2AP-6": (
        "a request for domain name registration information under article 6 of the Second Additional Protocol to the "
        "Convention on Cybercrime (CETS 224)"
    ),
    "2AP-7": (
        "an order for subscriber information under article 7 of the Second Additional Protocol to the Convention on "
        "Cybercrime (CETS 224)"
    ),
    "2AP-8": (
        "an order submitted under article 8 of the Second Additional Protocol to the Convention on Cybercrime "
        "(CETS 224)"
    ),
    "2AP-9": (
        "a request in an emergency under article 9 of the Second Additional Protocol to the Convention on Cybercrime "
        "(CETS 224)"
    ),
    "2AP-10": (
        "a request for mutual assistance in an emergency under article 10 of the Second Additional Protocol to the "
        "Convention on Cybercrime (CETS 224)"
    ),
    "BC-16": "an order to preserve data under article 16 of the Convention on Cybercrime (ETS 185)",
    "BC-18": "a production order under article 18 of the Convention on Cybercrime (ETS 185)",
    "BC-29": "a request to another State to preserve data under article 29 of the Convention on Cybercrime (ETS 185)",
    "BC-31": "a request for mutual assistance under article 31 of the Convention on Cybercrime (ETS 185)",
    "VOL": "a request to a provider abroad that did not oblige the provider",
    "EPOC": "a European Production Order under Regulation (EU) 2023/1543",
    "EPOC-PR": "a European Preservation Order under Regulation (EU) 2023/1543",
    "SCA": "an order under the Stored Communications Act of the United States (18 U.S.C. 2701 ff.)",
    "COA": "an order under an agreement made under the CLOUD Act of the United States (18 U.S.C. 2523)",
    "UNCC-42": (
        "a request to another State to preserve data under article 42 of the United Nations Convention against "
        "Cybercrime"
    ),
    "UNCC-44": ("a request for mutual assistance under article 44 of the United Nations Convention against Cybercrime"),
}
