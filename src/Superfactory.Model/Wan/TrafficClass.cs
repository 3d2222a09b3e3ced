namespace Superfactory.Model.Wan;

/// <summary>
/// What goes first where a link is full. Order is kept among messages of one class between the same two endpoints;
/// a message of a higher class may overtake one of a lower class.
/// </summary>
public enum TrafficClass : byte
{
    /// <summary>Small messages that others wait for. Goes first.</summary>
    Control = 0,

    /// <summary>Contributions and results of merges, and what must stay in order with them.</summary>
    Merge = 1,

    /// <summary>Copies of files, checkpoints and data shards. Goes last.</summary>
    Bulk = 2,
}
