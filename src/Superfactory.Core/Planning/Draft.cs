using System.Collections.Immutable;
using Superfactory.Core.Records;

namespace Superfactory.Core.Planning;

/// <summary>A decision in the making: records, and the state as it will be once they are applied. Used by one thread, for one command.</summary>
internal sealed class Draft(FactoryState state, long now)
{
    private readonly ImmutableArray<JournalRecord>.Builder _records = ImmutableArray.CreateBuilder<JournalRecord>();
    private long _seen;

    /// <summary>The state with every record so far applied.</summary>
    public FactoryState State { get; private set; } = state;

    /// <summary>When the command is accepted, in milliseconds since 1970-01-01 UTC.</summary>
    public long Now { get; } = now;

    public bool IsEmpty => _records.Count == 0;

    /// <summary>From here on it is planned upon the state as it is now: that is what plans say that they saw.</summary>
    public void BeginPlanning() => _seen = State.Revision;

    public void Add(JournalRecord record)
    {
        record = _seen > 0 && record is PlanRecord plan ? plan with { Seen = _seen, Rules = Planner.Rules } : record;
        _records.Add(record);
        State = Factory.Apply(State, record);
    }

    public ImmutableArray<JournalRecord> TakeRecords() => _records.DrainToImmutable();
}
