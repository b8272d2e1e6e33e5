"""What a small town would show: announcements, alerts and drawn pictures for the gallery and the tests."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterator, Mapping
from io import BytesIO

from PIL import Image, ImageDraw, ImageFilter

from beffroi_content.model import Alert, AlertLevel, AlertStatus, Announcement, AssetReference, Hazard, TemplateName

Assets = Mapping[str, bytes]
"""Files by their SHA-256."""

TRAVAUX = (
    "La rue de la République sera fermée à la circulation du lundi 14 au vendredi 18 décembre, de 8 h 30 à 17 h. "
    "Une déviation est mise en place par l'avenue du Général-de-Gaulle. Les riverains gardent l'accès à leur "
    "domicile ; la collecte des déchets est maintenue.\nRenseignements : services techniques, 02 31 00 00 00."
)


def sample_image() -> tuple[AssetReference, bytes]:
    """Return a drawn seaside as a JPEG, since no photograph is bundled."""
    return _encode_asset(_draw_seaside())


def _encode_asset(image: Image.Image, kind: str = "JPEG") -> tuple[AssetReference, bytes]:
    buffer = BytesIO()
    image.save(buffer, kind, quality=88)
    content = buffer.getvalue()
    digest = hashlib.sha256(content).hexdigest()
    return AssetReference(sha256=digest, size=len(content), media_type=f"image/{kind.lower()}"), content


def _sky_gradient(size: tuple[int, int], top: tuple[int, int, int], bottom: tuple[int, int, int]) -> Image.Image:
    gradient = Image.linear_gradient("L").resize(size)
    bands = (
        gradient.point([round(low + (high - low) * i / 255) for i in range(256)])
        for low, high in zip(top, bottom, strict=True)
    )
    return Image.merge("RGB", tuple(bands))


def _draw_seaside() -> Image.Image:
    width, height = 1600, 1200
    image = _sky_gradient((width, height), (92, 150, 206), (250, 216, 178))
    draw = ImageDraw.Draw(image)
    draw.ellipse((980, 430, 1220, 670), fill=(255, 236, 190))
    draw.rectangle((0, 700, width, height), fill=(44, 98, 138))
    draw.polygon([(0, 700), (330, 560), (620, 660), (800, 700)], fill=(70, 92, 96))
    draw.polygon([(0, 1200), (0, 930), (500, 1010), (1600, 1120), (1600, 1200)], fill=(214, 186, 140))
    draw.polygon([(520, 330), (520, 800), (300, 800)], fill=(250, 248, 240))
    draw.polygon([(540, 380), (540, 800), (700, 800)], fill=(228, 224, 214))
    draw.polygon([(280, 820), (740, 820), (670, 890), (350, 890)], fill=(158, 44, 40))
    return image.filter(ImageFilter.GaussianBlur(1.2))


def _draw_map() -> Image.Image:
    image = Image.new("RGB", (1400, 1400), (238, 234, 224))
    draw = ImageDraw.Draw(image)
    draw.polygon(
        [(0, 980), (420, 900), (900, 1120), (1400, 1040), (1400, 1240), (860, 1300), (0, 1160)], fill=(170, 205, 230)
    )
    draw.rectangle((80, 90, 430, 420), fill=(196, 220, 178))
    for box in (
        (520, 120, 760, 380),
        (860, 90, 1260, 330),
        (560, 520, 800, 760),
        (930, 470, 1290, 800),
        (120, 560, 420, 820),
    ):
        draw.rectangle(box, fill=(222, 212, 196))
    for points in (
        [(0, 460), (1400, 420)], [(480, 0), (480, 920)], [(830, 0), (870, 1080)],
        [(0, 870), (520, 820), (900, 860), (1400, 830)],
    ):  # fmt: skip
        draw.line(points, fill=(255, 255, 255), width=46, joint="curve")
    draw.line([(480, 450), (850, 440)], fill=(204, 44, 36), width=30)
    for x in (560, 660, 760):
        draw.polygon([(x, 410), (x + 22, 470), (x - 22, 470)], fill=(240, 160, 0))
    draw.line([(480, 450), (480, 835), (860, 850), (862, 445)], fill=(24, 96, 170), width=16, joint="curve")
    return image


def _draw_street(*, is_new: bool) -> Image.Image:
    width, height = 1500, 1100
    image = (
        _sky_gradient((width, height), (120, 170, 214), (226, 234, 238))
        if is_new
        else _sky_gradient((width, height), (150, 158, 166), (206, 206, 202))
    )
    draw = ImageDraw.Draw(image)
    for number, x in enumerate(range(0, width, 300)):
        colour = ((206, 170, 132), (224, 204, 168), (188, 148, 128))[number % 3]
        if not is_new:
            colour = tuple(round(0.75 * channel + 20) for channel in colour)  # type: ignore[assignment]
        draw.rectangle((x, 280 - 30 * (number % 2), x + 296, 780), fill=colour)
        draw.polygon(
            [(x, 280 - 30 * (number % 2)), (x + 148, 170), (x + 296, 280 - 30 * (number % 2))], fill=(120, 74, 62)
        )
        for y in (360, 540):
            for left in (50, 180):
                draw.rectangle((x + left, y, x + left + 66, y + 110), fill=(82, 104, 120))
    draw.polygon(
        [(0, 780), (width, 780), (width, height), (0, height)], fill=(214, 204, 190) if is_new else (92, 92, 94)
    )
    if is_new:
        for x in (180, 620, 1080, 1400):
            draw.rectangle((x - 8, 640, x + 8, 860), fill=(96, 66, 46))
            draw.ellipse((x - 95, 470, x + 95, 690), fill=(84, 140, 76))
        draw.rectangle((300, 900, 520, 930), fill=(150, 110, 70))
    else:
        for x in (120, 520, 950, 1290):
            draw.rounded_rectangle((x, 850, x + 250, 950), 40, fill=(60 + x % 90, 66, 84))
            draw.rounded_rectangle((x + 50, 800, x + 200, 870), 30, fill=(150, 160, 168))
    return image.filter(ImageFilter.GaussianBlur(1.0))


def _draw_logo() -> Image.Image:
    image = Image.new("RGBA", (300, 200), (0, 0, 0, 0))
    draw = ImageDraw.Draw(image)
    draw.polygon([(150, 8), (96, 76), (96, 192), (204, 192), (204, 76)], fill=(29, 79, 145, 255))
    draw.ellipse((122, 88, 178, 144), fill=(255, 210, 60, 255))
    draw.rectangle((20, 150, 280, 192), fill=(29, 79, 145, 255))
    return image


def sample_logo() -> tuple[AssetReference, bytes]:
    """Return the drawn logo of a town, with transparency."""
    return _encode_asset(_draw_logo(), "PNG")


def sample_assets() -> tuple[dict[str, AssetReference], Assets]:
    """Return the pictures of the samples by name, and their files."""
    made = {
        "sea": _encode_asset(_draw_seaside()),
        "map": _encode_asset(_draw_map()),
        "before": _encode_asset(_draw_street(is_new=False)),
        "after": _encode_asset(_draw_street(is_new=True)),
        "logo": sample_logo(),
    }
    return {name: one for name, (one, _) in made.items()}, {one.sha256: content for one, content in made.values()}


_LIBRARY = {
    "label": "Culture",
    "source": "Médiathèque Jean-Moulin",
    "title": "La médiathèque rouvre samedi",
    "body": (
        "Après six mois de travaux, venez découvrir les nouveaux espaces : salle de lecture, atelier numérique et"
        " jardin. Inscription gratuite jusqu'au 31 janvier."
    ),
}
_MARKET = {
    "label": "Animation",
    "title": "Marché de Noël",
    "place": "Place de l'Hôtel-de-Ville",
    "body": "40 exposants, vin chaud et manège. Entrée libre.",
}
_WORKS = {"label": "Travaux", "source": "Services techniques", "title": "Rue de la République fermée"}


def sample_announcements(picture: AssetReference | None) -> Iterator[Announcement]:
    """Yield news, events and notices, short and long, with and without a picture."""
    yield Announcement(id="a", template=TemplateName.NEWS, picture=picture, **_LIBRARY)
    yield Announcement(id="b", template=TemplateName.NEWS, **_LIBRARY)
    yield Announcement(id="c", template=TemplateName.NEWS, title="Bienvenue")
    saturday = dt.datetime.fromisoformat("2026-12-12T18:30")
    yield Announcement(id="d", template=TemplateName.EVENT, starts=saturday, picture=picture, **_MARKET)
    yield Announcement(id="e", template=TemplateName.EVENT, starts=saturday, **_MARKET)
    first, last = dt.datetime.fromisoformat("2026-07-03"), dt.datetime.fromisoformat("2026-07-06")
    yield Announcement(
        id="f", template=TemplateName.EVENT, starts=first, ends=last, title="Festival des trois rivières"
    )
    yield Announcement(id="g", template=TemplateName.NOTICE, body=TRAVAUX, **_WORKS)


def sample_templates(pictures: Mapping[str, AssetReference]) -> Iterator[Announcement]:
    """Yield one announcement of each of the other looks, and news with a link."""
    monday, friday = dt.datetime.fromisoformat("2026-12-14T08:30"), dt.datetime.fromisoformat("2026-12-18T17:00")
    look = TemplateName
    yield Announcement(id="h", template=look.NEWS, link="https://mediatheque.saint-aubin.fr", **_LIBRARY)
    yield Announcement(
        id="i", template=look.WORKS, starts=monday, ends=friday, pictures=(pictures["map"],),
        place="Entre la mairie et le pont",
        body="Une déviation passe par le quai. Les riverains gardent l'accès à leur domicile.", **_WORKS,
    )  # fmt: skip
    yield Announcement(
        id="j", template=look.QUOTE, picture=pictures["sea"], title="Jeanne Le Goff",
        label="Présidente du club nautique",
        body="La mer ne se ferme pas : tous les enfants de la commune ont leur place à bord.",
    )  # fmt: skip
    yield Announcement(
        id="k", template=look.FIGURE, figure="12 500", label="Environnement", title="arbres plantés depuis 2020",
        body="Merci aux écoles et aux 340 bénévoles. Prochaine plantation samedi 12 décembre, parc des Tilleuls.",
    )  # fmt: skip
    yield Announcement(
        id="l", template=look.LIST, label="Cantine", title="Au menu cette semaine", source="Restauration scolaire",
        body="Lundi : carottes râpées, poisson pané, riz, compote\nMardi : soupe de potiron, omelette, salade, yaourt\n"
        "Jeudi : betteraves, poulet rôti, purée, clémentine\nVendredi : taboulé, gratin de légumes, fromage, tarte",
    )  # fmt: skip
    yield Announcement(
        id="m", template=look.TIMETABLE, title="Horaires de la piscine", source="Service des sports",
        body="Jour | Matin | Après-midi\nLundi | fermé | 16 h – 20 h\nMardi | 7 h – 9 h | 12 h – 14 h\n"
        "Mercredi | 10 h – 12 h | 14 h – 19 h\nJeudi | 7 h – 9 h | 12 h – 14 h\nVendredi | fermé | 16 h – 21 h\n"
        "Samedi | 10 h – 12 h | 14 h – 18 h\nDimanche | 9 h – 13 h | fermé",
    )  # fmt: skip
    yield Announcement(
        id="n", template=look.COMPARISON, picture=pictures["before"], pictures=(pictures["after"],),
        title="La rue du Port rendue aux piétons", body="Quatorze arbres, des bancs, et la place pour se promener.",
    )  # fmt: skip
    yield Announcement(
        id="o", template=look.LINK, label="Participez", title="Donnez votre avis sur le nouveau parc",
        body="Trois projets, deux minutes. Jusqu'au 15 janvier.", link="https://www.saint-aubin.fr/parc",
    )  # fmt: skip
    yield Announcement(
        id="p", template=look.WELCOME, picture=pictures["sea"], title="Bienvenue à Saint-Aubin",
        body="Office de tourisme ouvert tous les jours, quai du Port.",
    )  # fmt: skip
    yield Announcement(id="q", template=look.WELCOME, title="Bienvenue", body="La mairie vous accueille de 9 h à 17 h.")
    yield Announcement(
        id="r", template=look.TEXT, label="Élections", title="Dimanche, on vote de 8 h à 18 h",
        body="Pensez à votre pièce d'identité. Procuration possible au commissariat jusqu'à samedi.",
    )  # fmt: skip
    yield Announcement(
        id="s", template=look.SLIDESHOW, picture=pictures["sea"], pictures=(pictures["after"],),
        title="Retour sur la fête du port",
    )  # fmt: skip


def sample_alert(
    level: AlertLevel = AlertLevel.ALERT, status: AlertStatus = AlertStatus.ACTUAL, hazard: Hazard = Hazard.GENERAL
) -> Alert:
    """Return a flood warning."""
    return Alert(
        id="crue",
        level=level,
        status=status,
        hazard=hazard,
        title="Risque d'inondation : la Vire déborde au centre-ville",
        description="La rivière dépasse 4,20 m et monte encore. Les quais et la rue Basse sont inondés.",
        instruction="Montez à l'étage et coupez l'électricité.\nNe prenez pas votre voiture.",
        source="Mairie de Saint-Aubin-sur-Mer",
        issued_at_ms=1_765_540_800_000,
        ends_at_ms=1_765_560_600_000,
        time_to_live_ms=19_800_000,
    )
