namespace Superfactory.Simulation.Network;

/// <summary>One direction between two islands' bridges.</summary>
/// <param name="from">Who sends, by place.</param>
/// <param name="to">Who receives, by place.</param>
internal sealed class Link(int from, int to)
{
    /// <summary>Bytes a second of a link that nothing slows down: what a few hundred numbers pass in no time.</summary>
    public const long FullRate = 10_000_000;

    /// <summary>Who sends.</summary>
    public int From { get; } = from;

    /// <summary>Who receives.</summary>
    public int To { get; } = to;

    /// <summary>Microseconds that a message takes at least.</summary>
    public long Latency { get; set; }

    /// <summary>Microseconds that a message which others may overtake takes longer at most.</summary>
    public long Jitter { get; set; }

    /// <summary>Further microseconds while a fault lasts.</summary>
    public long Delay { get; set; }

    /// <summary>Bytes a second.</summary>
    public long Rate { get; set; } = FullRate;

    /// <summary>How many cuts hold up what is on its way.</summary>
    public int Cuts { get; set; }

    /// <summary>Whether the transport takes messages for the receiver.</summary>
    public bool Linked { get; set; }

    /// <summary>Rises whenever the connection breaks: what is on its way of an earlier one is lost.</summary>
    public int Generation { get; set; }

    /// <summary>The generation that the sender's host knows of; -1 where the receiver is down for it.</summary>
    public int Seen { get; set; } = -1;

    /// <summary>Rises whenever the sender's host drops what waits.</summary>
    public int Queue { get; set; }

    /// <summary>When the last drop was.</summary>
    public long DroppedAt { get; set; } = -1;

    /// <summary>Until when the sender is busy with what it was given.</summary>
    public long BusyUntil { get; set; }

    /// <summary>Messages that the transport was given and has not taken.</summary>
    public int Waiting { get; set; }

    /// <summary>Nothing that is sent from here on arrives before.</summary>
    public long Floor { get; set; }

    /// <summary>When the last message arrives that is on its way.</summary>
    public long Latest { get; set; }

    /// <summary>What arrived behind a cut, in its order.</summary>
    public List<Action> Held { get; } = [];
}
