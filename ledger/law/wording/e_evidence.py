"""Regulation (EU) 2023/1543 by article: the words that rules rest on, and what has no rule.

Read whole (OJ L 191, 28.7.2023, p. 118). Quotations are word for word; the test of this package compares them with the
act where it is at hand.
"""

from __future__ import annotations

from ledger.law.wording.article import ActText, article, quoted

_ISSUERS = "a judge, a court, an investigating judge or a public prosecutor competent in the case concerned"
_DENIED = "may only be denied on the basis of one or more of the following grounds"
_TOLD = "shall inform the addressee without undue delay"
_MEANS = "by the most appropriate alternative means"
_PROVISIONS = "the applicable provisions of the criminal law of the issuing State"
_TYPE = "The type of issuing authority (tick the relevant box/boxes)"
_ISSUING = "the issuing authority and, where applicable, the validating authority"
_USER = "the user, except where the sole purpose of the order is to identify the user, or any other unique identifier"
_CATEGORY = "the requested data category as defined in Article 3, points (9) to (12)"

REGULATION = ActText(
    "EPOC",
    "http://data.europa.eu/eli/reg/2023/1543/oj",
    "all articles and annexes",
    (
        quoted(
            "1",
            "Subject matter",
            {"1(1)": "offering services in the Union and established in another Member State"},
            "Who may ask for an order for the defence is national law.",
        ),
        article("2", "Scope", "Whether proceedings and services are covered is for the authority that issues."),
        quoted(
            "3",
            "Definitions",
            {
                "3(1)": "located in another Member State bound by this Regulation",
                "3(2)": "for the purposes of a subsequent request for production",
                "3(10)": "for the sole purpose of identifying the user in a specific criminal investigation",
                "3(18)": "an imminent threat to the life, physical integrity or safety of a person",
            },
            "Definitions of services and data: the record states the category of data.",
        ),
        quoted(
            "4",
            "Issuing authority",
            {
                "4(1)": _ISSUERS,
                "4(2)": "a judge, a court or an investigating judge competent in the case concerned",
                "4(3)": _ISSUERS,
                "4(5)": (
                    "where validation cannot be obtained in time and where those authorities could issue an order in a "
                    "similar domestic case without prior validation",
                    "without undue delay, at the latest within 48 hours",
                    "shall withdraw the order immediately and shall delete or otherwise restrict the use of any data "
                    "that were obtained",
                ),
            },
            "Central authorities, paragraph 6: the organisation of a State.",
        ),
        quoted(
            "5",
            "Conditions for issuing a European Production Order",
            {
                "5(2)": "necessary for and proportionate to the purpose of the proceedings",
                "5(3)": "may be issued for all criminal offences",
                "5(4)": "punishable in the issuing State by a custodial sentence of a maximum of at least three years",
                "5(5)(a)": _ISSUING,
                "5(5)(b)": "the addressee of the European Production Order",
                "5(5)(c)": _USER,
                "5(5)(d)": _CATEGORY,
                "5(5)(e)": "if applicable, the time range of the data for which production is requested",
                "5(5)(f)": _PROVISIONS,
                "5(5)(g)": "the duly justified reasons for the emergency",
                "5(5)(h)": "a confirmation that the conditions set out in paragraph 6 of this Article are met",
                "5(5)(i)": "fulfils the conditions of necessity and proportionality",
                "5(5)(j)": "a summary description of the case",
                "5(6)": "shall be addressed to the service provider acting as controller",
                "5(7)": (
                    "shall inform the controller about the production of the data unless the issuing authority has "
                    "requested the service provider to refrain from informing the controller"
                ),
                "5(8)": (
                    "may only be issued where the public authority for which the data are stored or otherwise "
                    "processed is located in the issuing State"
                ),
                "5(9)": "where the privileged professional resides in the issuing State",
                "5(10)": "shall not issue a European Production Order if it finds that",
            },
            "Necessity and proportionality, paragraph 2, are for the authority and the court; that grounds are stated "
            "is checked.",
        ),
        quoted(
            "6",
            "Conditions for issuing a European Preservation Order",
            {
                "6(1)": "Article 5(8) shall apply mutatis mutandis",
                "6(2)": "with a view to issuing a subsequent request for production of those data",
                "6(3)": (
                    "may be issued for all criminal offences, if it could have been issued under the same conditions "
                    "in a similar domestic case"
                ),
                "6(4)(a)": _ISSUING,
                "6(4)(b)": "the addressee of the European Preservation Order",
                "6(4)(c)": _USER,
                "6(4)(d)": _CATEGORY,
                "6(4)(e)": "if applicable, the time range of the data for which preservation is requested",
                "6(4)(f)": _PROVISIONS,
                "6(4)(g)": "fulfils the conditions of necessity and proportionality",
            },
            "Necessity and proportionality, paragraph 2, are for the authority and the court.",
        ),
        quoted(
            "7",
            "Addressees of European Production Orders and European Preservation Orders",
            {
                "7(1)": "shall be addressed directly to a designated establishment or to a legal representative",
                "7(2)": "may be addressed to any other establishment or legal representative of the service provider",
            },
            "Whether a provider has designated anybody: the registers under Directive (EU) 2023/1544 are not read.",
        ),
        quoted(
            "8",
            "Notification to the enforcing authority",
            {
                "8(1)": "at the same time as it transmits the EPOC to the addressee",
                "8(2)": (
                    "has been committed, is being committed or is likely to be committed in the issuing State",
                    "the person whose data are requested resides in the issuing State",
                ),
                "8(4)": (
                    "shall have a suspensive effect on the obligations of the addressee as set out in Article 10(2), "
                    "except in emergency cases"
                ),
            },
            'Additional information, paragraph 3, is given "where appropriate".',
        ),
        quoted(
            "9",
            "European Production Order Certificate (EPOC) and European Preservation Order Certificate (EPOC-PR)",
            {
                "9(1)": "shall sign it and shall certify that its content is accurate and correct",
                "9(2)": (
                    "the EPOC transmitted to that authority shall contain the information listed in Article 5(5), "
                    "points (a) to (j)"
                ),
                "9(3)": "shall contain the information listed in Article 6(4), points (a) to (f)",
                "9(4)": "shall be translated into an official language of the Union accepted by the addressee",
            },
        ),
        quoted(
            "10",
            "Execution of an EPOC",
            {
                "10(1)": "shall act expeditiously to preserve the data requested",
                "10(2)": (
                    "at the end of that 10-day period",
                    "shall act as soon as possible upon such confirmation and at the latest at the end of that 10-day "
                    "period",
                ),
                "10(3)": "at the latest within 10 days following receipt of the EPOC",
                "10(4)": (
                    "without undue delay, at the latest within eight hours following receipt of the EPOC",
                    "without delay and at the latest within 96 hours following receipt of the notification",
                    "shall delete or otherwise restrict the use of the data",
                ),
                "10(5)": "whether to withdraw, adapt or maintain the European Production Order",
                "10(6)": (
                    "at the latest within five days following receipt of the form",
                    "shall not apply until such clarification or correction is provided",
                ),
                "10(7)": "that the EPOC no longer needs to be executed",
                "10(8)": "without undue delay and at the latest within the deadlines set out in paragraphs 2, 3 and 4",
                "10(9)": ("The data shall be preserved, to the extent possible, until they are produced", _TOLD),
            },
        ),
        quoted(
            "11",
            "Execution of an EPOC-PR",
            {
                "11(1)": (
                    "shall cease after 60 days, unless the issuing authority confirms",
                    "by an additional 30-day period",
                ),
                "11(2)": "shall preserve the data as long as necessary to produce the data",
                "11(3)": _TOLD,
                "11(4)": "whether to withdraw, adapt or maintain the European Preservation Order",
                "11(5)": (
                    "at the latest within five days of the receipt of the form",
                    "In the absence of a reaction from the issuing authority within the five-day period, the service "
                    "provider shall be exempt",
                ),
                "11(6)": "that the EPOC-PR no longer needs to be executed",
                "11(7)": "shall, without undue delay, inform the issuing authority of those reasons",
            },
        ),
        quoted(
            "12",
            "Grounds for refusal of European Production Orders",
            {
                "12(1)": (
                    "as soon as possible but at the latest within 10 days following receipt of the notification, or, "
                    "in emergency cases, at the latest within 96 hours following such receipt"
                ),
                "12(2)": (
                    "shall stop the execution of the European Production Order and not transfer the data, and the "
                    "issuing authority shall withdraw the order"
                ),
                "12(3)": "shall contact the issuing authority by any appropriate means",
                "12(4)": (
                    "the data may only be partly transferred or used under conditions specified by the enforcing "
                    "authority"
                ),
                "12(5)": "to request it to exercise that power without delay",
            },
            "Whether a ground is well founded is for the authorities and courts.",
        ),
        quoted(
            "13",
            "User information and confidentiality",
            {
                "13(1)": "shall, without undue delay, inform the person whose data are being requested",
                "13(2)": (
                    "to the extent that, and for as long as, the conditions in Article 13(3) of Directive (EU) "
                    "2016/680 are met",
                    "A short justification shall also be added in the EPOC",
                ),
                "13(3)": "shall include information about available remedies pursuant to Article 18",
                "13(4)": "to ensure the confidentiality, secrecy and integrity of the EPOC or the EPOC-PR",
            },
        ),
        quoted(
            "14",
            "Reimbursement of costs",
            {"14(1)": "if that possibility is provided for in the national law of the issuing State"},
            "Whether and how much is reimbursed is national law.",
        ),
        quoted(
            "15",
            "Penalties",
            {"15(1)": "up to 2 % of the total worldwide annual turnover"},
            "Penalties are laid down and imposed under national law.",
        ),
        quoted(
            "16",
            "Procedure for enforcement",
            {
                "16(1)": (
                    "shall translate the order concerned and any document to be transferred into one of the languages "
                    "accepted by the enforcing State and shall inform the addressee of the transfer"
                ),
                "16(2)": "without undue delay and no later than five working days after the receipt of that order",
                "16(3)": "the deadline for compliance or objection",
                "16(4)": _DENIED,
                "16(5)": _DENIED,
                "16(6)": "shall decide whether or not to enforce",
                "16(7)": (
                    "Before deciding not to recognise or not to enforce",
                    "shall reply to any such request within five working days",
                ),
                "16(8)": "shall notify all of its decisions immediately to the issuing authority and to the addressee",
                "16(9)": "shall transmit those data to the issuing authority without undue delay",
                "16(10)": "shall impose a pecuniary penalty in accordance with Article 15",
            },
            "The penalty, paragraph 10, is imposed under national law.",
        ),
        quoted(
            "17",
            "Review procedure in the event of conflicting obligations",
            {
                "17(1)": "would conflict with an obligation under the applicable law of a third country",
                "17(2)": "no later than 10 days after the date on which the addressee received the EPOC",
                "17(3)": (
                    "it shall request a review by the competent court of the issuing State",
                    "shall be suspended pending completion of the review procedure",
                ),
                "17(8)": "shall proceed with the execution of the European Production Order",
                "17(9)": "shall be calculated in accordance with the national law of the issuing authority",
                "17(10)": "shall inform the enforcing authority about the outcome of the review procedure",
            },
            "How the court weighs the interests, paragraphs 4 to 7, is for the court.",
        ),
        quoted(
            "18",
            "Effective remedies",
            {
                "18(1)": (
                    "any person whose data were requested via a European Production Order shall have the right to "
                    "effective remedies against that order"
                ),
                "18(5)": (
                    "the rights of defence and fairness of the proceedings are respected when assessing evidence "
                    "obtained through the European Production Order"
                ),
            },
            "Courts, time limits and conditions of remedies are national law.",
        ),
        quoted(
            "19",
            "Secure digital communication and data exchange",
            {
                "19(1)": "shall be carried out through a secure and reliable decentralised IT system",
                "19(5)": _MEANS,
                "19(6)": (
                    "shall record the transmission, including, as appropriate, the date and time of transmission, the "
                    "sender and recipient, the file name and its size"
                ),
            },
            "Access to the system, paragraphs 2 and 3, is for States and providers.",
        ),
        quoted(
            "20",
            "Legal effects of electronic documents",
            {"20": "solely on the ground that they are in electronic form"},
            "A rule for courts; no finding speaks against a document because it is electronic.",
        ),
        quoted(
            "21",
            "Electronic signatures and seals",
            {"21(2)": "shall feature a qualified electronic seal or qualified electronic signature"},
            "Whether a seal or signature is qualified is checked by trust services, not here.",
        ),
        article("22", "Reference implementation software", "A duty of the Commission."),
        article("23", "Costs of the decentralised IT system", "Costs of States, agencies and providers."),
        quoted("24", "Transition period", {"24": _MEANS}, "Which channel was the most appropriate one is not judged."),
        article("25", "Implementing acts", "A duty of the Commission; see Implementing Regulation (EU) 2025/1550."),
        article("26", "Committee procedure", "Procedure of the Commission."),
        quoted(
            "27",
            "Languages",
            {"27": "will accept translations of EPOCs and EPOC-PRs in one or more official languages of the Union"},
            "The declarations of Member States were not read.",
        ),
        quoted(
            "28",
            "Monitoring and reporting",
            {
                "28(2)": "The data collected for the preceding calendar year shall be sent to the Commission",
                "28(2)(e)": "the average period between the moment the EPOC was issued and the moment the data",
                "28(2)(j)": "an overview of the costs claimed by service providers",
            },
            "No rule on an order: `comity stats --art28` counts what paragraph 2 asks for.",
        ),
        article("29", "Amendments to the certificates and the forms", "A power of the Commission."),
        article("30", "Exercise of the delegation", "A power of the Commission."),
        article("31", "Notifications to the Commission", "A duty of Member States; the register holds the offices."),
        quoted(
            "32",
            "Relationship to other instruments, agreements and arrangements",
            {"32(1)": "does not affect Union or other international instruments, agreements and arrangements"},
            "Which of two instruments goes first is for the authorities.",
        ),
        article("33", "Evaluation", "A duty of the Commission."),
        quoted(
            "34",
            "Entry into force and application",
            {"34(2)": ("It shall apply from 18 August 2026", "one year after the adoption of the implementing acts")},
        ),
        quoted(
            "Annex I",
            "European Production Order Certificate",
            {
                "AnnexI(B)": (
                    "did not react to the EPOC within the deadlines set out in Article 10 of Regulation (EU) 2023/1543 "
                    "or has not been designated or appointed"
                ),
                "AnnexI(H)": "shall in any event refrain from informing the person whose data are being requested",
                "AnnexI(I)": _TYPE,
            },
            "The boxes of the form: `comity report order-form` follows its sections.",
        ),
        quoted(
            "Annex II",
            "European Preservation Order Certificate",
            {"AnnexII(F)": _TYPE},
            "The boxes of the form, as of Annex I.",
        ),
        article("Annex III", "Information on the impossibility of executing", "The reasons are codes of a kind."),
        article("Annex IV", "Categories of offences", "Whether conduct falls under a category is for the authorities."),
        article("Annex V", "Confirmation of a subsequent request for production", "The boxes of the form."),
        quoted(
            "Annex VI",
            "Extension of the preservation of electronic evidence",
            {"AnnexVI": "may extend the duration of the preservation by an additional 30 days where necessary"},
            "The boxes of the form.",
        ),
    ),
)
