"""The directory of supervisory authorities as it comes with the software. Staff correct it at the desk; what they changed stays.

`how` says how to complain there, in plain words. In the EEA every authority must offer a form that can be filled in electronically and
charge nothing (GDPR Art. 57(2), (3)), so those lines differ by language only.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

from django.apps import AppConfig

CHECKED_ON = date(2026, 11, 28)  # when names and addresses were last compared with what is published

# (country, name, web address, languages)
EEA = (
    ("AT", "Österreichische Datenschutzbehörde", "https://dsb.gv.at", "German"),
    (
        "BE",
        "Gegevensbeschermingsautoriteit / Autorité de protection des données",
        "https://www.dataprotectionauthority.be",
        "Dutch or French",
    ),
    ("BG", "Commission for Personal Data Protection (КЗЛД)", "https://cpdp.bg", "Bulgarian"),
    ("HR", "Agencija za zaštitu osobnih podataka (AZOP)", "https://azop.hr", "Croatian"),
    ("CY", "Commissioner for Personal Data Protection", "https://www.dataprotection.gov.cy", "Greek or English"),
    ("CZ", "Úřad pro ochranu osobních údajů (ÚOOÚ)", "https://uoou.gov.cz", "Czech"),
    ("DK", "Datatilsynet", "https://www.datatilsynet.dk", "Danish"),
    ("EE", "Andmekaitse Inspektsioon", "https://www.aki.ee", "Estonian"),
    ("FI", "Tietosuojavaltuutetun toimisto", "https://tietosuoja.fi", "Finnish or Swedish"),
    ("FR", "Commission nationale de l’informatique et des libertés (CNIL)", "https://www.cnil.fr", "French"),
    ("GR", "Hellenic Data Protection Authority (ΑΠΔΠΧ)", "https://www.dpa.gr", "Greek"),
    ("HU", "Nemzeti Adatvédelmi és Információszabadság Hatóság (NAIH)", "https://www.naih.hu", "Hungarian"),
    ("IS", "Persónuvernd", "https://www.personuvernd.is", "Icelandic"),
    ("IE", "Data Protection Commission", "https://www.dataprotection.ie", "English or Irish"),
    ("IT", "Garante per la protezione dei dati personali", "https://www.garanteprivacy.it", "Italian"),
    ("LV", "Datu valsts inspekcija", "https://www.dvi.gov.lv", "Latvian"),
    ("LI", "Datenschutzstelle Fürstentum Liechtenstein", "https://www.datenschutzstelle.li", "German"),
    ("LT", "Valstybinė duomenų apsaugos inspekcija", "https://vdai.lrv.lt", "Lithuanian"),
    ("LU", "Commission nationale pour la protection des données (CNPD)", "https://cnpd.public.lu", "French, German or Luxembourgish"),
    ("MT", "Information and Data Protection Commissioner", "https://idpc.org.mt", "Maltese or English"),
    ("NL", "Autoriteit Persoonsgegevens", "https://www.autoriteitpersoonsgegevens.nl", "Dutch"),
    ("NO", "Datatilsynet", "https://www.datatilsynet.no", "Norwegian"),
    ("PL", "Urząd Ochrony Danych Osobowych (UODO)", "https://uodo.gov.pl", "Polish"),
    ("PT", "Comissão Nacional de Proteção de Dados (CNPD)", "https://www.cnpd.pt", "Portuguese"),
    (
        "RO",
        "Autoritatea Naţională de Supraveghere a Prelucrării Datelor cu Caracter Personal",
        "https://www.dataprotection.ro",
        "Romanian",
    ),
    ("SK", "Úrad na ochranu osobných údajov Slovenskej republiky", "https://dataprotection.gov.sk", "Slovak"),
    ("SI", "Informacijski pooblaščenec", "https://www.ip-rs.si", "Slovenian"),
    ("ES", "Agencia Española de Protección de Datos (AEPD)", "https://www.aepd.es", "Spanish"),
    ("SE", "Integritetsskyddsmyndigheten (IMY)", "https://www.imy.se", "Swedish"),
)
_EEA_HOW = "Fill in the complaint form on its website, or write a letter, in {languages}. It costs nothing."

_FIRST_US = "Write to us first and keep our answer; it will ask you for both."

# (country, part of the country, name, web address, how)
OTHERS = (
    (
        "DE",
        "",
        "Die Bundesbeauftragte für den Datenschutz und die Informationsfreiheit (BfDI)",
        "https://www.bfdi.bund.de",
        "For companies the authority of your federal state is responsible; the BfDI lists all of them with addresses and passes on what "
        "reaches the wrong one. Use a complaint form or write a letter, in German. It costs nothing.",
    ),
    (
        "GB",
        "",
        "Information Commissioner’s Office (ICO)",
        "https://ico.org.uk",
        f"Use the form “Make a complaint” on its website. {_FIRST_US} It costs nothing.",
    ),
    (
        "GG",
        "",
        "Office of the Data Protection Authority (ODPA)",
        "https://www.odpa.gg",
        "Use the complaint form on its website. It costs nothing.",
    ),
    ("JE", "", "Jersey Office of the Information Commissioner", "https://jerseyoic.org", "Use the complaint form on its website."),
    ("IM", "", "Isle of Man Information Commissioner", "https://www.inforights.im", "Use the complaint form on its website."),
    ("GI", "", "Gibraltar Regulatory Authority", "https://www.gra.gi", "Use the complaint form on its website, or write a letter."),
    (
        "CH",
        "",
        "Federal Data Protection and Information Commissioner (FDPIC / EDÖB)",
        "https://www.edoeb.admin.ch",
        "Use the report form for people concerned on its website, in German, French or Italian. It may open an inquiry; for a claim of "
        "your own you go to a civil court.",
    ),
    (
        "RS",
        "",
        "Commissioner for Information of Public Importance and Personal Data Protection",
        "https://www.poverenik.rs",
        "Send the complaint form from its website, by post or e-mail, in Serbian.",
    ),
    ("AL", "", "Information and Data Protection Commissioner", "https://idp.al", "Use the complaint form on its website, in Albanian."),
    (
        "UA",
        "",
        "Ukrainian Parliament Commissioner for Human Rights",
        "https://ombudsman.gov.ua",
        "Write to it through its website or by post, in Ukrainian.",
    ),
    (
        "TR",
        "",
        "Kişisel Verileri Koruma Kurumu (KVKK)",
        "https://www.kvkk.gov.tr",
        "Write to us first. If we refuse, answer badly or not within 30 days, you can complain there within 30 days of our answer and 60 "
        "days of your request, on its website or by post, in Turkish.",
    ),
    (
        "MY",
        "",
        "Personal Data Protection Commissioner (Jabatan Perlindungan Data Peribadi, JPDP)",
        "https://www.pdp.gov.my",
        "File a complaint in writing through its website or by post, in Malay or English.",
    ),
    (
        "SG",
        "",
        "Personal Data Protection Commission (PDPC)",
        "https://www.pdpc.gov.sg",
        f"Use the complaint form on its website. {_FIRST_US}",
    ),
    (
        "HK",
        "",
        "Office of the Privacy Commissioner for Personal Data (PCPD)",
        "https://www.pcpd.org.hk",
        "Send the complaint form from its website online, by post or in person, in Chinese or English.",
    ),
    (
        "TW",
        "",
        "Preparatory Office of the Personal Data Protection Commission",
        "https://www.pdpc.gov.tw",
        "The Commission is being set up. Until it is, write to the ministry that supervises the kind of business, or ask this office which "
        "one that is.",
    ),
    (
        "JP",
        "",
        "Personal Information Protection Commission (PPC)",
        "https://www.ppc.go.jp",
        "Call or write to its consultation line, named on its website, in Japanese.",
    ),
    (
        "KR",
        "",
        "Personal Information Protection Commission (PIPC)",
        "https://www.pipc.go.kr",
        "Report it to the privacy report centre (telephone 118 in Korea), or ask the dispute mediation committee. Its website names both; "
        "in Korean.",
    ),
    (
        "IN",
        "",
        "Data Protection Board of India (Ministry of Electronics and Information Technology)",
        "https://www.meity.gov.in",
        "Use our complaint form first: the law asks for it. The Board is being set up under the Digital Personal Data Protection Act; the "
        "ministry says on its website how to reach it.",
    ),
    (
        "PH",
        "",
        "National Privacy Commission (NPC)",
        "https://privacy.gov.ph",
        "Write to us first and wait 15 days for our answer. Then send the notarised complaint form from its website.",
    ),
    (
        "TH",
        "",
        "Office of the Personal Data Protection Committee (PDPC)",
        "https://www.pdpc.or.th",
        "Use the complaint system on its website, in Thai.",
    ),
    (
        "ID",
        "",
        "Ministry of Communication and Digital Affairs (Komdigi)",
        "https://www.komdigi.go.id",
        "The agency of the data protection law of 2022 is being set up. Until it is, write to the ministry, in Indonesian.",
    ),
    (
        "MO",
        "",
        "Personal Data Protection Bureau (DSPDP)",
        "https://www.dspdp.gov.mo",
        "Write through its website or by post, in Chinese or Portuguese.",
    ),
    (
        "AU",
        "",
        "Office of the Australian Information Commissioner (OAIC)",
        "https://www.oaic.gov.au",
        "Write to us first and wait 30 days for our answer. Then use the privacy complaint form on its website. It costs nothing.",
    ),
    (
        "NZ",
        "",
        "Office of the Privacy Commissioner",
        "https://www.privacy.org.nz",
        f"Use the complaint form on its website. {_FIRST_US} It costs nothing.",
    ),
    (
        "CA",
        "",
        "Office of the Privacy Commissioner of Canada",
        "https://www.priv.gc.ca",
        f"Use the complaint form on its website, in English or French. {_FIRST_US} It costs nothing.",
    ),
    (
        "CA",
        "Québec",
        "Commission d’accès à l’information du Québec",
        "https://www.cai.gouv.qc.ca",
        "If you live in Québec: use the complaint form on its website, in French.",
    ),
    (
        "CA",
        "British Columbia",
        "Office of the Information and Privacy Commissioner for British Columbia",
        "https://www.oipc.bc.ca",
        f"If you live in British Columbia: use the complaint form on its website. {_FIRST_US}",
    ),
    (
        "CA",
        "Alberta",
        "Office of the Information and Privacy Commissioner of Alberta",
        "https://oipc.ab.ca",
        f"If you live in Alberta: use the complaint form on its website. {_FIRST_US}",
    ),
    (
        "US",
        "",
        "Federal Trade Commission (FTC)",
        "https://www.ftc.gov",
        "There is no data protection authority for the whole country. The FTC takes reports of unfair or deceptive practices at "
        "reportfraud.ftc.gov; it does not decide single cases. The attorney general of your state may help as well.",
    ),
    (
        "US",
        "California",
        "California Privacy Protection Agency (CPPA)",
        "https://cppa.ca.gov",
        "If you live in California: use the complaint form on its website. It costs nothing.",
    ),
    (
        "US",
        "California",
        "Attorney General of California",
        "https://oag.ca.gov",
        "If you live in California: use the consumer complaint form on its website.",
    ),
    (
        "MX",
        "",
        "Secretaría Anticorrupción y Buen Gobierno",
        "https://www.gob.mx/buengobierno",
        "It took over from the INAI in 2025. Write to us first; then ask there for the protection of rights, in Spanish.",
    ),
    (
        "BR",
        "",
        "Agência Nacional de Proteção de Dados (ANPD)",
        "https://www.gov.br/anpd",
        f"Send a petition of the person concerned through its website, in Portuguese. {_FIRST_US}",
    ),
    (
        "AR",
        "",
        "Agencia de Acceso a la Información Pública (AAIP)",
        "https://www.argentina.gob.ar/aaip",
        f"File a complaint through its website, in Spanish. {_FIRST_US}",
    ),
    (
        "UY",
        "",
        "Unidad Reguladora y de Control de Datos Personales (URCDP)",
        "https://www.gub.uy/unidad-reguladora-control-datos-personales",
        "File a complaint through its website, in Spanish.",
    ),
    (
        "CO",
        "",
        "Superintendencia de Industria y Comercio (SIC)",
        "https://www.sic.gov.co",
        f"File a complaint through its website, in Spanish. {_FIRST_US}",
    ),
    (
        "ZA",
        "",
        "Information Regulator (South Africa)",
        "https://inforegulator.org.za",
        "Send the complaint form for personal information (POPIA) from its website. It costs nothing.",
    ),
    ("KE", "", "Office of the Data Protection Commissioner", "https://www.odpc.go.ke", "Use the complaint form on its website."),
    ("NG", "", "Nigeria Data Protection Commission", "https://ndpc.gov.ng", "Use the complaint form on its website."),
    (
        "MA",
        "",
        "Commission nationale de contrôle de la protection des données à caractère personnel (CNDP)",
        "https://www.cndp.ma",
        "Use the complaint form on its website, in Arabic or French.",
    ),
    (
        "IL",
        "",
        "Privacy Protection Authority",
        "https://www.gov.il/en/departments/the_privacy_protection_authority",
        "Use the complaint form on its website, in Hebrew.",
    ),
    (
        "AE",
        "Dubai International Financial Centre",
        "Commissioner of Data Protection, DIFC",
        "https://www.difc.com",
        "For organisations in the DIFC: write to the commissioner named on its website, in English. For the rest of the country the law "
        "names the UAE Data Office; we know of no way yet to complain there.",
    ),
    (
        "AE",
        "Abu Dhabi Global Market",
        "Office of Data Protection, ADGM",
        "https://www.adgm.com",
        "For organisations in the ADGM: use the complaint form on its website, in English.",
    ),
)


def entries() -> Iterator[dict[str, Any]]:
    """Every entry as columns of the model."""
    for country, name, address, languages in EEA:
        yield _columns(country, "", name, address, _EEA_HOW.format(languages=languages), 0)
    for position, (country, region, name, address, how) in enumerate(OTHERS, start=1):
        yield _columns(country, region, name, address, how, position)


def _columns(country: str, region: str, name: str, address: str, how: str, position: int) -> dict[str, Any]:
    return {
        "key": f"{country.lower()}-{address.removeprefix('https://').removeprefix('www.').partition('/')[0].replace('.', '-')}",
        "country": country,
        "region": region,
        "name": name,
        "web_address": address,
        "how_to_file": how,
        "checked_on": CHECKED_ON,
        "position": position,
    }


def make_authorities(sender: AppConfig, using: str, **kwargs: Any) -> None:
    """Handler of `post_migrate`: add what is missing, change nothing that is there. Safe to run again."""
    from requests_app.models import Authority  # app ready

    if any(is_backwards for _migration, is_backwards in kwargs.get("plan", ())):
        return  # taken back to tables that today's models don't fit
    known = set(Authority._base_manager.using(using).values_list("key", flat=True))
    missing = [Authority(**entry) for entry in entries() if entry["key"] not in known]
    Authority._base_manager.using(using).bulk_create(missing, ignore_conflicts=True)
