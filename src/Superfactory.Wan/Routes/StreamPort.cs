using Superfactory.Wan.Transport;

namespace Superfactory.Wan.Routes;

/// <summary>A connection of a link, as what sends over it is concerned.</summary>
/// <param name="id">Names the connection; no other of this gateway ever has the same.</param>
/// <param name="number">Its place in the link; 0 carries control, and everything where it is alone; of two the one that came later.</param>
internal sealed class StreamPort(long id, int number)
{
    public long Id { get; } = id;

    public int Number { get; } = number;

    /// <summary>Set when there may be something to send.</summary>
    public AsyncSignal Work { get; } = new();

    /// <summary>Whether it found nothing to send and waits. Guarded by the gateway's lock.</summary>
    public bool IsIdle { get; set; }

    /// <summary>Whether the link has it to spare: it takes nothing more and is closed soon. Guarded by the gateway's lock.</summary>
    public bool IsRetired { get; set; }

    /// <summary>Whether it is silent while others of its link speak: until it is heard again it takes nothing more. Guarded by the gateway's lock.</summary>
    public bool IsSuspect { get; set; }

    /// <summary>Whether it takes what there is to send.</summary>
    public bool Takes => !IsRetired && !IsSuspect;
}
