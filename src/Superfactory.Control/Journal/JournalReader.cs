using Microsoft.Data.Sqlite;
using Superfactory.Core;
using Superfactory.Core.Records;
using Superfactory.Model.Views;

namespace Superfactory.Control.Journal;

/// <summary>Reads records of a journal that a control plane writes, by a connection of its own that changes nothing. Safe to use from any thread.</summary>
internal sealed class JournalReader(FactoryJournal journal)
{
    /// <summary>The most plans that are listed at once, the newest.</summary>
    public const int PlansMax = 1_000;

    /// <summary>The plans about a job, the oldest first; the newest <see cref="PlansMax"/> of them.</summary>
    public IReadOnlyList<RecordedPlanView> PlansOf(long job)
    {
        var plans = new Queue<RecordedPlanView>();
        foreach (var (number, record) in Read(0, $"%\"job\":{job}%"))
        {
            if (record is PlanRecord plan && plan.Job == job)
            {
                plans.Enqueue(new RecordedPlanView { Record = number, AtUnixMilliseconds = plan.At, Kind = PlanReplay.KindOf(plan), Job = job, Reason = plan.Reason });
                if (plans.Count > PlansMax)
                {
                    plans.Dequeue();
                }
            }
        }

        return [.. plans];
    }

    /// <summary>Decides a plan again from what it saw.</summary>
    /// <returns>The comparison, or in a sentence why there is none.</returns>
    public (ReplayView? View, string? Problem) Replay(long number)
    {
        if (Read(number - 1, "%").FirstOrDefault() is not (var found, { } record) || found != number)
        {
            return (null, $"The journal has no record {number}.");
        }

        if (record is not PlanRecord { Seen: > 0 } plan)
        {
            return (null, record is PlanRecord ? $"Record {number} does not say what it saw: it was written by an earlier version." : $"Record {number} is no plan but '{PlanReplay.KindOf(record)}', which entered from outside.");
        }

        var seen = Read(0, "%").TakeWhile(entry => entry.Number <= plan.Seen).Aggregate(FactoryState.Empty, static (state, entry) => Factory.Apply(state, entry.Record));
        return (PlanReplay.Decide(number, plan, seen, Read(plan.Seen, "%").Select(static entry => entry.Record)), null);
    }

    private IEnumerable<(long Number, JournalRecord Record)> Read(long after, string like)
    {
        using var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = journal.FilePath, Mode = SqliteOpenMode.ReadOnly, Pooling = false }.ToString());
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = "SELECT revision, body FROM records WHERE revision > $after AND body LIKE $like ORDER BY revision";
        command.Parameters.AddWithValue("$after", after);
        command.Parameters.AddWithValue("$like", like);
        using var reader = command.ExecuteReader();
        while (reader.Read())
        {
            yield return (reader.GetInt64(0), JournalRecord.FromJson(reader.GetString(1)));
        }
    }
}
