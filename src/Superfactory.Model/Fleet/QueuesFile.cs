using System.Collections.Immutable;
using Superfactory.Model.Jobs;

namespace Superfactory.Model.Fleet;

/// <summary>The way from the text of a queues file, YAML or JSON, to its queues; <c>docs/fleet.md</c> describes it. Pure and safe to call from any thread.</summary>
public static class QueuesFile
{
    private const string ExpectedQueues = "a list of queues, each such as {name: research, quotas: {hardware: cpu, guaranteed: 4}}";
    private const string ExpectedQuotas = "a list of quotas, each such as {hardware: cpu, guaranteed: 4}";

    private static readonly string[] _topFields = ["aging", "queues"];
    private static readonly string[] _queueFields = ["name", "parent", "weight", "quotas"];
    private static readonly string[] _quotaFields = ["hardware", "guaranteed", "borrow", "lend"];

    /// <summary>
    /// Reads queues. Never throws on any text: everything that is wrong with a field by itself comes back at once. Whether the queues fit each other and what
    /// there is is for who applies them.
    /// </summary>
    /// <param name="text">The text of the file, at most 1,048,576 characters.</param>
    /// <param name="fileName">The file as the user named it, for messages; null where there is none.</param>
    public static Outcome<QueueSet> Parse(string text, string? fileName)
    {
        ArgumentNullException.ThrowIfNull(text);
        var problems = new JobProblems(fileName);
        var root = JobYaml.Read(text, problems, new YamlSubject("queues", "docs/fleet.md"));
        var (queues, aging) = root is null ? ([], 0) : Read(root, problems);
        return problems.Any ? new Outcome<QueueSet>(problems.ToOrdered()) : new Outcome<QueueSet>(new QueueSet(queues) { Aging = aging });
    }

    /// <summary>Whether a text is meant to be a queues file and not a fleet file: it has the field <c>queues</c> at the top, and no <c>sites</c>.</summary>
    public static bool IsMeant(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return JobYaml.Read(text, new JobProblems(null), new YamlSubject("queues", "docs/fleet.md")) is JobNode.Map map
            && map.Entries.Any(static entry => entry.Key == "queues") && !map.Entries.Any(static entry => entry.Key == "sites");
    }

    private static (ImmutableArray<QueueSpecification> Queues, int Aging) Read(JobNode root, JobProblems problems)
    {
        if (root is not JobNode.Map map)
        {
            if (root is not JobNode.Refused)
            {
                problems.Add(root.Line, null, $"Expected the field 'queues', but found {root.Describe()}.");
            }

            return ([], 0);
        }

        var fields = new YamlFields(map, string.Empty, "The file", _topFields, problems);
        var queues = ImmutableArray.CreateBuilder<QueueSpecification>();
        foreach (var (queue, path) in FleetValues.Maps(fields, problems, "queues", ExpectedQueues))
        {
            queues.Add(ReadQueue(new YamlFields(queue, path, "A queue", _queueFields, problems), problems));
        }

        return (queues.ToImmutable(), (int)(FleetValues.Whole(fields, "aging", 0, QueueSet.AgingMax, 0) ?? 0));
    }

    private static QueueSpecification ReadQueue(YamlFields fields, JobProblems problems)
    {
        fields.Require("name", "a name");
        var quotas = ImmutableArray.CreateBuilder<QuotaSpecification>();
        if (fields.Find("quotas") is not null)
        {
            foreach (var (quota, path) in FleetValues.Maps(fields, problems, "quotas", ExpectedQuotas))
            {
                quotas.Add(ReadQuota(new YamlFields(quota, path, "A quota", _quotaFields, problems)));
            }
        }

        return new QueueSpecification
        {
            Name = FleetValues.Name(fields, problems, null) ?? string.Empty,
            Parent = fields.Find("parent") is null ? null : fields.Text("parent", "the name of the queue above it"),
            Weight = FleetValues.Whole(fields, "weight", 1, 1_000_000, 1) ?? 1,
            Quotas = quotas.ToImmutable(),
        };
    }

    private static QuotaSpecification ReadQuota(YamlFields fields)
    {
        fields.Require("hardware", "a kind of hardware, such as cpu");
        return new QuotaSpecification(
            fields.Text("hardware", "a kind of hardware, such as cpu") ?? string.Empty, Count(fields, "guaranteed") ?? 0, Count(fields, "borrow"), Count(fields, "lend"));
    }

    private static long? Count(YamlFields fields, string field) =>
        fields.Find(field) is null ? null : FleetValues.Whole(fields, field, 0, FleetSpecification.AcceleratorsMax, 0);
}
