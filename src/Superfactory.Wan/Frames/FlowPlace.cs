namespace Superfactory.Wan.Frames;

/// <summary>
/// Where a message stands in its flow, which is one sender's messages of one class to one receiver. The receiving endpoint puts a
/// flow in order by it, so that a frame that is late holds back nothing but what must come after it.
/// </summary>
/// <param name="Unordered">Whether others of the flow may overtake it, up to the next ordered one.</param>
/// <param name="Ordinal">How many ordered messages of the flow were sent before it, modulo 2^32.</param>
/// <param name="Since">
/// Of an ordered message: how many unordered ones were sent since the ordered one before it, modulo 2^16. A window holds at most
/// 65,536 messages, this one among them, so that no two counts within a window are the same. 0 of an unordered one.
/// </param>
internal readonly record struct FlowPlace(bool Unordered, uint Ordinal, ushort Since);
