"""Putting the file of one bundle together."""

from __future__ import annotations

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
    """Write the file under the name that the bundle's row has for it. Nothing in the database changes."""
    rendered = {(volume.step.source_key, volume.number): volume for volume in volumes if volume.status == VolumeStatus.RENDERED}

    unprinted: dict[str, list[int]] = {}
    for volume in rendered.values():
        unprinted.setdefault(volume.step.source_key, []).extend(volume.unprinted)

    def volume_bytes(source_key: str, number: int) -> Iterator[bytes] | None:
        volume = rendered.get((source_key, number))
        return read_volume(bundle, volume).iter() if volume is not None else None

    return assemble(
        bundle_facts(bundle, steps, outputs),
        key=key_of(bundle),
        name=bundle.object_name,
        read_volume=volume_bytes,
        on_progress=lambda _size: beat(),
        unprinted=unprinted,
    )
