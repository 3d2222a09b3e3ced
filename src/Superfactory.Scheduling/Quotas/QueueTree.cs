using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Globalization;
using Superfactory.Model;
using Superfactory.Model.Fleet;
using Superfactory.Scheduling.Pending;

namespace Superfactory.Scheduling.Quotas;

/// <summary>All queues, checked as a whole. Immutable and safe to share between threads.</summary>
public sealed class QueueTree
{
    /// <summary>The most queues.</summary>
    public const int QueuesMax = 10_000;

    private const int WeightMax = 1_000_000;

    private readonly FrozenDictionary<string, int> _byName;

    private QueueTree(ImmutableArray<QueueSpecification> queues, int aging)
    {
        (Queues, Order) = (queues, new Backlog.Order(aging * 1000L));
        _byName = queues.Select(static (queue, index) => (queue.Name, index)).ToFrozenDictionary(static entry => entry.Name, static entry => entry.index, StringComparer.Ordinal);
        Parents = [.. queues.Select(queue => queue.Parent is null ? -1 : _byName[queue.Parent])];
    }

    /// <summary>The queues.</summary>
    public ImmutableArray<QueueSpecification> Queues { get; }

    internal ImmutableArray<int> Parents { get; }

    /// <summary>Who goes first of those that wait in one queue.</summary>
    internal Backlog.Order Order { get; }

    /// <summary>Checks queues against each other and against the fleet: names, parents, circles, and that no more is guaranteed than there is.</summary>
    /// <param name="queues">The queues.</param>
    /// <param name="fleet">The fleet; null where nothing is known of it, as while sites are away.</param>
    /// <param name="aging">Seconds of waiting that count as one step of priority; see <see cref="QueueSet.Aging"/>.</param>
    /// <returns>The queues, or everything that is wrong with them.</returns>
    public static Outcome<QueueTree> Create(ImmutableArray<QueueSpecification> queues, FleetSpecification? fleet, int aging = 0)
    {
        var problems = ImmutableArray.CreateBuilder<Problem>();
        if (queues.IsDefaultOrEmpty || queues.Length > QueuesMax)
        {
            return new Outcome<QueueTree>([new Problem($"Expected 1 to {QueuesMax} queues, but found {(queues.IsDefault ? 0 : queues.Length)}.", Field: "queues")]);
        }

        CheckNames(queues, problems);
        if (problems.Count == 0)
        {
            CheckCircles(queues, problems);
        }

        foreach (var queue in queues)
        {
            CheckValues(queue, problems);
        }

        if (problems.Count > 0)
        {
            return new Outcome<QueueTree>(problems.ToImmutable());
        }

        var tree = new QueueTree(queues, aging);
        tree.CheckSums(fleet, problems);
        return problems.Count > 0 ? new Outcome<QueueTree>(problems.ToImmutable()) : new Outcome<QueueTree>(tree);
    }

    /// <summary>The place of a queue; −1 where there is none of that name.</summary>
    internal int Find(string name) => _byName.GetValueOrDefault(name, -1);

    /// <summary>Whether a queue is another one or under it.</summary>
    internal bool IsUnder(string queue, string other)
    {
        var top = Find(other);
        for (var above = Find(queue); above >= 0; above = Parents[above])
        {
            if (above == top)
            {
                return true;
            }
        }

        return false;
    }

    internal QuotaSpecification? Quota(int queue, int type) => Queues[queue].Quotas.FirstOrDefault(quota => quota.Hardware == HardwareCatalogue.All[type].Name);

    private static void CheckNames(ImmutableArray<QueueSpecification> queues, ImmutableArray<Problem>.Builder problems)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var queue in queues)
        {
            if (!FactoryName.IsValid(queue.Name))
            {
                problems.Add(new Problem($"'{queue.Name}' is no name. Expected {FactoryName.Expected}.", Field: "queues"));
            }
            else if (!names.Add(queue.Name))
            {
                problems.Add(new Problem($"There are two queues '{queue.Name}'. Expected each name once.", Field: "queues"));
            }
        }

        foreach (var queue in queues.Where(queue => queue.Parent is not null && !names.Contains(queue.Parent)))
        {
            problems.Add(new Problem($"There is no queue '{queue.Parent}'.", Field: $"{queue.Name}.parent", Hint: NearMatch.Hint(queue.Parent!, names)));
        }
    }

    private static void CheckCircles(ImmutableArray<QueueSpecification> queues, ImmutableArray<Problem>.Builder problems)
    {
        var parents = queues.ToDictionary(static queue => queue.Name, static queue => queue.Parent, StringComparer.Ordinal);
        foreach (var queue in queues)
        {
            var steps = 0;
            for (var above = queue.Parent; above is not null && steps <= queues.Length; above = parents[above])
            {
                steps++;
                if (above == queue.Name)
                {
                    problems.Add(new Problem($"The queue is above itself, {steps} up.", Field: $"{queue.Name}.parent"));
                    break;
                }
            }
        }
    }

    private static void CheckValues(QueueSpecification queue, ImmutableArray<Problem>.Builder problems)
    {
        if (queue.Weight is < 1 or > WeightMax)
        {
            problems.Add(new Problem($"Expected a weight of 1 to {WeightMax}, but found {queue.Weight}.", Field: $"{queue.Name}.weight"));
        }

        var kinds = new HashSet<string>(StringComparer.Ordinal);
        foreach (var quota in queue.Quotas)
        {
            var field = $"{queue.Name}.{quota.Hardware}";
            if (!HardwareCatalogue.Names.Contains(quota.Hardware))
            {
                problems.Add(new Problem($"There is no hardware '{quota.Hardware}'. The catalogue has {string.Join(", ", HardwareCatalogue.Names)}.", Field: field, Hint: NearMatch.Hint(quota.Hardware, HardwareCatalogue.Names)));
            }
            else if (!kinds.Add(quota.Hardware))
            {
                problems.Add(new Problem("The kind is named twice. Expected it once.", Field: field));
            }

            if (Outside(quota.Guaranteed) || Outside(quota.BorrowingLimit ?? 0) || Outside(quota.LendingLimit ?? 0))
            {
                problems.Add(new Problem($"Expected numbers of accelerators, 0 to {FleetSpecification.AcceleratorsMax}.", Field: field));
            }
        }
    }

    private static bool Outside(long accelerators) => accelerators is < 0 or > FleetSpecification.AcceleratorsMax;

    private void CheckSums(FleetSpecification? fleet, ImmutableArray<Problem>.Builder problems)
    {
        for (var type = 0; type < HardwareCatalogue.All.Length; type++)
        {
            var name = HardwareCatalogue.All[type].Name;
            var below = new long[Queues.Length];
            long top = 0;
            for (var queue = 0; queue < Queues.Length; queue++)
            {
                var guaranteed = Quota(queue, type)?.Guaranteed ?? 0;
                if (Parents[queue] < 0)
                {
                    top += guaranteed;
                }
                else
                {
                    below[Parents[queue]] += guaranteed;
                }
            }

            var exist = fleet?.Racks.Where(rack => rack.Hardware.Name == name).Sum(static rack => (long)rack.Schedulable) ?? long.MaxValue;
            if (top > exist)
            {
                problems.Add(new Problem($"{Number(top)} of {name} are guaranteed, but the fleet offers {Number(exist)}.", Field: "queues"));
            }

            for (var queue = 0; queue < Queues.Length; queue++)
            {
                var guaranteed = Quota(queue, type)?.Guaranteed ?? 0;
                if (below[queue] > guaranteed)
                {
                    problems.Add(new Problem($"The queues under it are guaranteed {Number(below[queue])}, more than its own {Number(guaranteed)}.", Field: $"{Queues[queue].Name}.{name}"));
                }
            }
        }
    }

    private static string Number(long number) => number.ToString("#,0", CultureInfo.InvariantCulture);
}
