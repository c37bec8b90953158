"""The SignalR hub protocol: JSON and MessagePack frames. Encoding and decoding, without I/O."""
