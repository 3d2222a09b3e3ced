namespace Superfactory.Core;

/// <summary>The numbers that decisions go by.</summary>
public static class FactoryLimits
{
    /// <summary>A site whose agent was not heard for this long is lost, in milliseconds. Agents report every second, so four reports may be late.</summary>
    public const int LeaseMilliseconds = 5_000;

    /// <summary>
    /// How much longer than the gangs' lease of its site a site has to be away before what they hold is free, in milliseconds: a second until a gang looks at its time, fifteen in which it ends, and
    /// what the clocks of two machines differ by in a day, 17 s at 200 millionths; twice over.
    /// </summary>
    public const int GangLeaseMarginMilliseconds = 60_000;

    /// <summary>The longest lease of gangs, in seconds: a day, over which clocks are held to differ by no more than the margin has room for.</summary>
    public const int GangLeaseSecondsMax = 86_400;

    /// <summary>How long a member that another one misses may take to promise once a seal is ordered, in milliseconds; then it is left out.</summary>
    public const int PromiseMillisecondsMax = 500;

    /// <summary>
    /// How long a member that alone may hold what its epoch started with, and whose agent is heard, may keep the others waiting for its promise, in
    /// milliseconds: a minute, far longer than a trainer stalls that goes on by itself. Then its island is started again, and the run goes on without what it held.
    /// </summary>
    public const int HolderMillisecondsMax = 60_000;

    /// <summary>The shortest time between two measurements of an island that the journal takes, in milliseconds: at 0.5 KB each 22 MB a day at most.</summary>
    public const int MeasuredMilliseconds = 2_000;

    /// <summary>
    /// How often an island whose gang failed in a way that a new start could help is started again before it has shown once more that it can run:
    /// it became a member, or a checkpoint has a round to which it belonged. Losses of the site are not counted, nor ends by the gang's lease, nor is that the run went on without it.
    /// </summary>
    public const int IslandRestartsMax = 3;

    /// <summary>How long before a drain is to be done jobs are told to leave, in milliseconds: saving and stopping take seconds to minutes.</summary>
    public const int DrainNoticeMilliseconds = 300_000;

    /// <summary>Reservations of the fleet at a time. Each is looked for in the whole fleet whenever jobs are placed: some tenths of a millisecond with thousands of racks.</summary>
    public const int WindowsMax = 64;

    /// <summary>Faults of a place within <see cref="FaultWindowMilliseconds"/> that quarantine it, if they are not all of one job.</summary>
    public const int FaultsMax = 3;

    /// <summary>How long a fault counts, in milliseconds.</summary>
    public const int FaultWindowMilliseconds = 3_600_000;

    /// <summary>Faults of a place that are kept, the newest.</summary>
    public const int FaultsKept = 8;

    /// <summary>How long a job waits after its first start that was given up, in milliseconds; after each further one twice as long.</summary>
    public const int StartPauseMilliseconds = 30_000;

    /// <summary>How long a job waits at most after a start that was given up, in milliseconds.</summary>
    public const int StartPauseMillisecondsMax = 600_000;

    /// <summary>Jobs that have not ended. At about 4 KB each they take 40 MB at most.</summary>
    public const int OpenJobsMax = 10_000;

    /// <summary>Copies that have not ended. At about 9 KB each, two paths at their longest, they take 9 MB at most.</summary>
    public const int OpenCopiesMax = 1_000;

    /// <summary>Copies that have ended and are still shown; as large as the open ones.</summary>
    public const int EndedCopiesMax = 1_000;

    /// <summary>Sites that may be known. Each gets all others' gateways, so the instructions of all grow with the square.</summary>
    public const int SitesMax = 256;

    /// <summary>Slots that a site may offer.</summary>
    public const int SlotsMax = 4_096;

    /// <summary>Corpora that are known of a site, the first by name. At 0.2 KB each those of all sites take 13 MB at most.</summary>
    public const int CorporaMax = 256;

    /// <summary>The longest name of a site.</summary>
    public const int SiteNameLengthMax = 63;

    /// <summary>The longest text that a record takes from a report, in characters; what is longer is cut.</summary>
    public const int ReasonLengthMax = 4_000;
}
