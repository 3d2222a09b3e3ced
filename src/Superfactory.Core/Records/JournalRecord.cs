using System.Text.Json;
using System.Text.Json.Serialization;
using Superfactory.Model;

namespace Superfactory.Core.Records;

/// <summary>
/// One entry of the journal: something that entered from outside, or a plan that was decided. The hierarchy is closed.
/// What is written stays readable for ever: fields are added with a default, never renamed, and no kind changes its meaning.
/// </summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "record", UnknownDerivedTypeHandling = JsonUnknownDerivedTypeHandling.FailSerialization)]
[JsonDerivedType(typeof(SiteJoined), "site-joined")]
[JsonDerivedType(typeof(SiteReturned), "site-returned")]
[JsonDerivedType(typeof(SiteLeft), "site-left")]
[JsonDerivedType(typeof(SiteLost), "site-lost")]
[JsonDerivedType(typeof(GangLeaseEnded), "gang-lease-ended")]
[JsonDerivedType(typeof(SiteCleared), "site-cleared")]
[JsonDerivedType(typeof(CorporaListed), "corpora-listed")]
[JsonDerivedType(typeof(JobSubmitted), "job-submitted")]
[JsonDerivedType(typeof(JobCancelled), "job-cancelled")]
[JsonDerivedType(typeof(GangChanged), "gang-changed")]
[JsonDerivedType(typeof(GangReleased), "gang-released")]
[JsonDerivedType(typeof(JobStarted), "job-started")]
[JsonDerivedType(typeof(IslandRestarted), "island-restarted")]
[JsonDerivedType(typeof(RunRestarted), "run-restarted")]
[JsonDerivedType(typeof(EpochDecided), "epoch-decided")]
[JsonDerivedType(typeof(SealOrdered), "seal-ordered")]
[JsonDerivedType(typeof(LearnersChanged), "learners-changed")]
[JsonDerivedType(typeof(IslandSealed), "island-sealed")]
[JsonDerivedType(typeof(IslandLevel), "island-level")]
[JsonDerivedType(typeof(IslandMissed), "island-missed")]
[JsonDerivedType(typeof(IslandDoubted), "island-doubted")]
[JsonDerivedType(typeof(IslandTrusted), "island-trusted")]
[JsonDerivedType(typeof(IslandRejecting), "island-rejecting")]
[JsonDerivedType(typeof(IslandSetAside), "island-set-aside")]
[JsonDerivedType(typeof(IslandMeasured), "island-measured")]
[JsonDerivedType(typeof(JobEnded), "job-ended")]
[JsonDerivedType(typeof(CopyRequested), "copy-requested")]
[JsonDerivedType(typeof(CopyEnded), "copy-ended")]
[JsonDerivedType(typeof(CheckpointSealed), "checkpoint-sealed")]
[JsonDerivedType(typeof(CheckpointPlaced), "checkpoint-placed")]
[JsonDerivedType(typeof(CheckpointCopying), "checkpoint-copying")]
[JsonDerivedType(typeof(CheckpointDamaged), "checkpoint-damaged")]
[JsonDerivedType(typeof(CheckpointVerified), "checkpoint-verified")]
[JsonDerivedType(typeof(CheckpointExpired), "checkpoint-expired")]
[JsonDerivedType(typeof(CheckpointDeleted), "checkpoint-deleted")]
[JsonDerivedType(typeof(CheckpointFailed), "checkpoint-failed")]
[JsonDerivedType(typeof(CheckpointsToVerify), "checkpoints-to-verify")]
[JsonDerivedType(typeof(JobRolledBack), "job-rolled-back")]
[JsonDerivedType(typeof(JobHeld), "job-held")]
[JsonDerivedType(typeof(JobParked), "job-parked")]
[JsonDerivedType(typeof(JobReleased), "job-released")]
[JsonDerivedType(typeof(QueuesApplied), "queues-applied")]
[JsonDerivedType(typeof(QueuePaused), "queue-paused")]
[JsonDerivedType(typeof(JobReprioritized), "job-reprioritized")]
[JsonDerivedType(typeof(StartPlanned), "start-planned")]
[JsonDerivedType(typeof(StartReserved), "start-reserved")]
[JsonDerivedType(typeof(StartDropped), "start-dropped")]
[JsonDerivedType(typeof(JobGivesWay), "job-gives-way")]
[JsonDerivedType(typeof(IslandReclaimed), "island-reclaimed")]
[JsonDerivedType(typeof(FleetApplied), "fleet-applied")]
[JsonDerivedType(typeof(OutageBegan), "outage-began")]
[JsonDerivedType(typeof(TargetDrained), "target-drained")]
[JsonDerivedType(typeof(TargetReturned), "target-returned")]
[JsonDerivedType(typeof(IslandEvicted), "island-evicted")]
[JsonDerivedType(typeof(JobMoves), "job-moves")]
[JsonDerivedType(typeof(StartTimedOut), "start-timed-out")]
[JsonDerivedType(typeof(IslandsShort), "islands-short")]
[JsonDerivedType(typeof(IslandsLeftBehind), "islands-left-behind")]
[JsonDerivedType(typeof(WindowReserved), "window-reserved")]
[JsonDerivedType(typeof(WindowEnded), "window-ended")]
[JsonDerivedType(typeof(LinkChanged), "link-changed")]
[JsonDerivedType(typeof(RatesRouted), "rates-routed")]
public abstract record JournalRecord
{
    private protected JournalRecord()
    {
    }

    /// <summary>When it was accepted or decided, in milliseconds since 1970-01-01 UTC.</summary>
    public required long At { get; init; }

    /// <summary>The record as the journal keeps it: one line of JSON, the same bytes for equal records.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, FactoryJson.Options);

    /// <summary>Reads what <see cref="ToJson"/> wrote.</summary>
    /// <exception cref="JsonException">It is no record, or one of a kind that this version doesn't know.</exception>
    public static JournalRecord FromJson(string json)
        => JsonSerializer.Deserialize<JournalRecord>(json, FactoryJson.Options) ?? throw new JsonException("The record is null.");
}
