using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Superfactory.Model.Fleet;
using Superfactory.Scheduling.Quotas;

namespace Superfactory.Scheduling.Tests;

/// <summary>The worked examples of docs/scheduling.md come out as they say.</summary>
public sealed partial class DocumentationTests
{
    public static TheoryData<string> Scenarios => [.. Block().Matches(Read()).Select(match => match.Groups[1].Value)];

    [Fact]
    public void There_are_examples_of_placement_topology_locality_power_queues_claims_reserved_starts_sites_ranges_and_roles() => Scenarios.Count.ShouldBe(12);

    [Theory]
    [MemberData(nameof(Scenarios))]
    public void An_example_comes_out_as_it_says(string scenario)
    {
        var lines = scenario.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        var fleet = World.FleetOf(Fleet(lines));
        var hardware = fleet.Racks.First().Hardware.Name;
        var queues = QueueTree.Create([.. lines.Where(line => line.StartsWith("queue ", StringComparison.Ordinal)).Select(line => Queue(line, hardware))], fleet);
        queues.Problems.ShouldBeEmpty();
        var state = new FleetState(fleet, queues.Value!);
        var (scheduler, now) = (new Scheduler(state), 1_000_000L);
        foreach (var line in lines)
        {
            if (line.StartsWith("wait ", StringComparison.Ordinal))
            {
                now += 1000 * long.Parse(line[5..], CultureInfo.InvariantCulture);
            }
            else if (line.StartsWith("submit ", StringComparison.Ordinal))
            {
                var parts = line.Split("=>", StringSplitOptions.TrimEntries);
                var request = Request(parts[0], now);
                var plan = scheduler.Decide(request, now);
                plan = plan.Starts ? plan : plan with { Reason = scheduler.Explain(request, plan.Reason!, now) };
                var reserved = plan.Starts ? null : scheduler.Claim(request, now) ?? scheduler.Reserve(request, now);
                (Say(state, plan) + (reserved is null ? string.Empty : $", {(reserved.IsClaim ? "claimed for" : "reserved at")} {(reserved.StartMilliseconds - 1_000_000) / 1000}")).ShouldBe(parts[1], line);
                state.Apply(plan, now);
                FleetAudit.Check(fleet, state).ShouldBeEmpty();
            }
        }
    }

    private static string Say(FleetState state, Plan plan)
    {
        if (!plan.Starts)
        {
            return plan.Reason!.ToString();
        }

        var many = state.Layout.SiteNames.Length > 1;
        var places = plan.Islands.Select(island => (island.Role < 0 ? string.Empty : plan.Request.Roles[island.Role].Name + "@") + (many ? island.Site + ":" : string.Empty) + string.Join(' ', island.Domains.Select(state.NameOf)));
        return string.Join(' ', places) + (plan.Victims.IsEmpty ? string.Empty : " instead of " + string.Join(' ', plan.Victims.Select(victim => victim.Job)));
    }

    private static string Fleet(string[] lines)
    {
        var text = new StringBuilder("name: example\nsites:\n");
        var sites = lines.FirstOrDefault(line => line.StartsWith("sites ", StringComparison.Ordinal))?.Split(' ')[1..] ?? ["s"];
        var racks = lines.Single(line => line.StartsWith("fleet ", StringComparison.Ordinal))[6..];
        foreach (var site in sites)
        {
            text.Append(CultureInfo.InvariantCulture, $"  - name: {site}\n    {racks}\n");
        }

        var links = lines.Where(line => line.StartsWith("link ", StringComparison.Ordinal)).Select(line => line.Split(' ')).ToList();
        text.Append(links.Count > 0 ? "links:\n" : string.Empty);
        foreach (var link in links)
        {
            text.Append(CultureInfo.InvariantCulture, $"  - {{between: [{link[1]}, {link[2]}], bandwidth: {link[3]}, rtt: 10ms}}\n");
        }

        return text.ToString();
    }

    private static QueueSpecification Queue(string line, string hardware) => new()
    {
        Name = line.Split(' ')[1], Quotas = [new QuotaSpecification(hardware, Number(line, "guarantee") ?? 0, Number(line, "borrows"), Number(line, "lends"))],
    };

    private static GangRequest Request(string line, long now)
    {
        var words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var (islands, accelerators) = ((Word(line, "islands") ?? "1").Split(".."), words[3].Split(".."));
        return new GangRequest
        {
            Job = long.Parse(words[1], CultureInfo.InvariantCulture), Queue = words[2], AcceleratorsPerIsland = int.Parse(accelerators[^1], CultureInfo.InvariantCulture), AcceleratorsMin = accelerators.Length == 1 ? 0 : int.Parse(accelerators[0], CultureInfo.InvariantCulture),
            IslandsMin = int.Parse(islands[0], CultureInfo.InvariantCulture), IslandsMax = int.Parse(islands[^1], CultureInfo.InvariantCulture),
            Within = Enum.Parse<Within>(Word(line, "within") ?? "site", ignoreCase: true), Spread = words.Contains("spread"), PeakThousandths = (int)(Number(line, "peak") ?? 1000),
            Hardware = Word(line, "of") is { } kind ? [kind] : [], Roles = [.. Role().Matches(line).Select(static role => new RoleRequest
            {
                Name = role.Groups[1].Value, Count = int.Parse(role.Groups[2].Value, CultureInfo.InvariantCulture), Accelerators = int.Parse(role.Groups[3].Value, CultureInfo.InvariantCulture), Hardware = [role.Groups[4].Value],
            })],
            Inputs = [.. Reads().Matches(line).Select(static read => new JobInput("input", long.Parse(read.Groups[1].Value, CultureInfo.InvariantCulture) * 1_000_000_000, [.. read.Groups[2].Value.Split(',')]))],
            WanBytesPerSecond = Number(line, "rate") ?? 0, SubmittedMilliseconds = now, DurationMilliseconds = 1000 * (Number(line, "for") ?? 0),
            MinimumRunMilliseconds = 1000 * (Number(line, "minimum") ?? 0),
        };
    }

    private static long? Number(string line, string name) => Word(line, name) is { } word ? long.Parse(word, CultureInfo.InvariantCulture) : null;

    private static string? Word(string line, string name) => Regex.Match(line, $@"\b{name} (\S+)") is { Success: true } match ? match.Groups[1].Value : null;

    private static string Read()
    {
        var root = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(root.FullName, "Superfactory.slnx")))
        {
            root = root.Parent ?? throw new DirectoryNotFoundException("The tests run outside the repository.");
        }

        return File.ReadAllText(Path.Combine(root.FullName, "docs", "scheduling.md"));
    }

    [GeneratedRegex(@"\brole (\S+) (\d+)x(\d+) (\S+)")]
    private static partial Regex Role();

    [GeneratedRegex(@"\breads (\d+)GB at (\S+)")]
    private static partial Regex Reads();

    [GeneratedRegex("```scenario\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex Block();
}
