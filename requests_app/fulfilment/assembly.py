"""Putting the file of one bundle together."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence

from requests_app.bundle.assemble import AssembledBundle, assemble
from requests_app.bundle.step_output import StepOutput
from requests_app.enums import VolumeStatus
from requests_app.fulfilment.collect import key_of
from requests_app.fulfilment.facts import bundle_facts
from requests_app.fulfilment.volumes import read_volume
from requests_app.models import Bundle, Step, Volume


def assemble_bundle(
    bundle: Bundle,
    steps: Sequence[Step],
    outputs: Mapping[str, StepOutput | None],
    *,
    volumes: Sequence[Volume] = (),
    beat: Callable[[], None],
) -> AssembledBundle:
    """Write the file under a name of its own in the bundle's folder. Nothing in the database changes.

    Two workers that both believe the bundle is theirs write two objects; the one that commits names its own.
    """
    rendered = {(volume.step.source_key, volume.number): volume for volume in volumes if volume.status == VolumeStatus.RENDERED}

    def volume_bytes(source_key: str, number: int) -> Iterator[bytes] | None:
        volume = rendered.get((source_key, number))
        return read_volume(bundle, volume).iter() if volume is not None else None

    return assemble(
        bundle_facts(bundle, steps, outputs),
        key=key_of(bundle),
        name=f"{bundle.prefix}/file/{secrets.token_hex(8)}",
        read_volume=volume_bytes,
        on_progress=lambda _size: beat(),
    )
