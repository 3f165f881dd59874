"""Synthetic data sets: recorded to disk, or rendered while training; see docs/recording.md."""

from navworld.envs.recording.config import RecordConfig, load_record_config
from navworld.envs.recording.plan import rides
from navworld.envs.recording.record import Recording, record
from navworld.envs.recording.ride import RiddenSequence, Ride

__all__ = [
    "RecordConfig",
    "Recording",
    "RiddenSequence",
    "Ride",
    "load_record_config",
    "record",
    "rides",
]
