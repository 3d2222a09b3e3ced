using System.Collections.Immutable;
using Superfactory.Model.Units;
using Superfactory.Model.Views;

namespace Superfactory.Cli.Links;

/// <summary>Writes reserved rates as lines of text. Pure.</summary>
internal static class RateText
{
    /// <summary>Each direction of each link, with what is reserved on it.</summary>
    public static ImmutableArray<string> Lines(IReadOnlyList<RateView> rates) => rates.Count == 0
        ? ["No link is known: apply a fleet file with links, or let gateways emulate theirs."]
        : [.. rates.SelectMany(static rate => rate.Rates.Select(static one => $"  {Of(one)}, job {one.Job}").Prepend(Heading(rate)))];

    /// <summary>A rate with its route, such as <c>40mbit from wisconsin to atlanta over texas</c>.</summary>
    public static string Of(JobRate rate) =>
        $"{Text(rate.BitsPerSecond)} from {rate.Route[0]} to {rate.Route[^1]}{(rate.Route.Length == 2 ? string.Empty : $" over {string.Join(" and ", rate.Route.Skip(1).SkipLast(1))}")}";

    private static string Heading(RateView rate) =>
        $"{rate.From} → {rate.To}  {(rate.BitsPerSecond == 0 ? "cut" : $"carries {Text(rate.BitsPerSecond)}")}{(rate.BitsPerSecond < rate.DeclaredBitsPerSecond ? $" of {Text(rate.DeclaredBitsPerSecond)}" : string.Empty)}, reserved {Text(rate.ReservedBitsPerSecond)}{(rate.Reason is { } reason ? $". {reason}" : string.Empty)}";

    private static string Text(long bits) => new Bandwidth(Math.Clamp(bits, 0, Bandwidth.MaxBitsPerSecond)).ToString();
}
