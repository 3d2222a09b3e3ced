using Superfactory.Wan.Routes;

namespace Superfactory.Wan.Links;

/// <summary>The limits and times of a link. Tests make the times shorter; sizes are the same everywhere.</summary>
internal sealed record LinkLimits
{
    /// <summary>The most TCP connections of a link that can send at a time.</summary>
    public const int StreamsMax = 64;

    /// <summary>Shifts in which connections for data work, 1 for none.</summary>
    public int Shifts { get; init; } = StreamShifts.CountDefault;

    /// <summary>How long a shift lasts while there is something to send.</summary>
    public TimeSpan ShiftLength { get; init; } = StreamShifts.LengthDefault;

    /// <summary>The most TCP connections that a link can have, all shifts together.</summary>
    public int ConnectionsMax => StreamShifts.Connections(StreamsMax, Shifts);

    /// <summary>Of each class, sent and not yet acknowledged, before the link is measured: 1 Gbit/s over 60 ms.</summary>
    public long UnacknowledgedBytesMin { get; init; } = 8L << 20;

    /// <summary>The same at most, for a long fast link: 10 Gbit/s over 50 ms is 62.5 MB. Three classes to 19 peers could hold 3.6 GB, but their endpoints' windows of 16 and 8 MiB hold far less.</summary>
    public long UnacknowledgedBytesMax { get; init; } = 64L << 20;

    /// <summary>Messages of one class that wait for a peer, whoever sent them: four windows of merges.</summary>
    public long QueuedBytesMax { get; init; } = 64L << 20;

    /// <summary>
    /// Messages of one bridge that wait for all peers, beyond what fits into <see cref="QueuedBytesMax"/>: the full windows of merges to
    /// 32 islands, as for what waits for a bridge. A bridge beyond both is not read any further.
    /// </summary>
    public long SenderQueuedBytesMax { get; init; } = 512L << 20;

    /// <summary>Credit that waits for a peer: each is at least a part of a window, and a well-behaved endpoint returns quarters. Beyond it the session begins anew.</summary>
    public int QueuedNewsMax { get; init; } = 16 * 1024;

    /// <summary>Received without having acknowledged: a 32nd of the least that the sender may have under way.</summary>
    public long UnansweredBytesMax { get; init; } = 256 * 1024;

    /// <summary>How long an acknowledgement waits for a frame that takes it along.</summary>
    public TimeSpan AcknowledgeDelayMax { get; init; } = TimeSpan.FromMilliseconds(10);

    /// <summary>The same in ticks.</summary>
    public long AcknowledgeDelayTicks => AcknowledgeDelayMax.Ticks;

    /// <summary>How often each connection asks the other side for a sign of life, and what is slow is looked after.</summary>
    public TimeSpan HeartbeatInterval { get; init; } = TimeSpan.FromSeconds(0.2);

    /// <summary>Without a byte from the other side for this long, three heartbeats, traffic takes another way where there is one.</summary>
    public TimeSpan SuspectAfter { get; init; } = TimeSpan.FromSeconds(0.6);

    /// <summary>Without a byte from the other side for this long a connection is given up.</summary>
    public TimeSpan SilenceMax { get; init; } = TimeSpan.FromSeconds(2.5);

    /// <summary>A connection that the link has to spare is closed after this long, in which what left over it arrives: nothing has to be sent again.</summary>
    public TimeSpan RetireAfter { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>On a way over other sites a frame counts as lost where one sent this much later has arrived, or a round trip later if that is longer.</summary>
    public TimeSpan OvertakenMax { get; init; } = TimeSpan.FromSeconds(0.5);

    /// <summary>On a way over other sites where nothing arrives for this long, or four round trips if that is longer, everything counts as lost.</summary>
    public TimeSpan SilentWayMax { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>For a connection to be made: it is tried again after that, since the network's own repetitions come ever more seldom.</summary>
    public TimeSpan ConnectMax { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>For a caller to say who it is, by its certificate where links are encrypted and by its Hello: two round trips and what two cores need that are busy. Nobody is owed more before that.</summary>
    public TimeSpan IntroductionMax { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>For shaking hands with a peer.</summary>
    public TimeSpan HandshakeMax { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>The wait before the first new attempt to connect; it doubles with each that fails.</summary>
    public TimeSpan ReconnectDelayMin { get; init; } = TimeSpan.FromMilliseconds(50);

    /// <summary>The longest wait between attempts.</summary>
    public TimeSpan ReconnectDelayMax { get; init; } = TimeSpan.FromSeconds(0.5);

    /// <summary>A connection that lasted this long begins the waits from the shortest again.</summary>
    public TimeSpan SteadyAfter { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>What a gateway that stops waits for the last frames to be acknowledged.</summary>
    public TimeSpan FarewellMax { get; init; } = TimeSpan.FromSeconds(1);
}
