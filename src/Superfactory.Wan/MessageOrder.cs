namespace Superfactory.Wan;

/// <summary>How a message stands to the others of its flow: the same sender, receiver and class.</summary>
public enum MessageOrder
{
    /// <summary>Delivered after everything sent before it in its flow, and before everything sent after it.</summary>
    Ordered,

    /// <summary>Delivered after the last ordered message before it and before the next one; among themselves unordered messages may overtake each other.</summary>
    Unordered,
}
