using System.Collections.Immutable;
using System.CommandLine;
using System.Globalization;
using Superfactory.Cli.CommandLine;
using Superfactory.Cli.Links;
using Superfactory.Model.Views;

namespace Superfactory.Cli.Jobs;

/// <summary><c>superfactory plan JOB.yaml</c>: what would become of a job.</summary>
internal static class PlanCommand
{
    /// <summary>Makes the command.</summary>
    public static Command Create(ControlOption control, Terminal terminal)
    {
        var file = new Argument<string>("JOB.yaml") { Description = "The job file, see docs/job.md." };
        var json = Settings.Json();
        var command = new Command("plan", "Say where and when a job would start and who would give way, and do nothing.") { file, json };
        command.SetAction((parsed, cancellation) => control.WithClientAsync(parsed, terminal, async client =>
        {
            var name = parsed.GetRequiredValue(file);
            var text = SubmitCommand.Read(name);
            return text.Succeeded
                ? terminal.Show(await client.PlanAsync(name, Path.GetDirectoryName(Path.GetFullPath(name)), text.Value, cancellation), parsed.GetValue(json), Lines)
                : terminal.Fail(text.Problems, ExitCode.BadInput);
        }));
        return command;
    }

    /// <summary>The plan as lines.</summary>
    internal static ImmutableArray<string> Lines(PlanView plan)
    {
        var lines = ImmutableArray.CreateBuilder<string>();
        lines.Add(plan.Outcome switch
        {
            PlanOutcome.Starts => $"{plan.Name} would start at once.",
            PlanOutcome.StartsAfter => $"{plan.Name} would start once others have given way.",
            _ => $"{plan.Name} would wait.",
        });
        lines.Add($"  why         {plan.Reason}");
        WhyCommand.Needs(lines, plan.Needs);
        if (!plan.Sites.IsEmpty)
        {
            lines.Add($"  sites       {string.Join(", ", plan.Sites)}{(plan.Later.IsEmpty ? string.Empty : $"; later {string.Join(", ", plan.Later)}")}");
            foreach (var role in plan.Gangs.GroupBy(static gang => gang.Role, StringComparer.Ordinal))
            {
                lines.Add($"  {role.Key,-11} {string.Join(", ", role.GroupBy(static gang => gang.Site, StringComparer.Ordinal).Select(static there => $"{there.Count()} at {there.Key}"))}");
            }

            lines.Add(string.Create(CultureInfo.InvariantCulture, $"  takes       {plan.Accelerators} {(plan.Hardware is null or Model.Fleet.HardwareCatalogue.Cpu || !plan.Gangs.IsEmpty ? "slots" : plan.Hardware)}, {(plan.Owned ? "on the guarantee" : "borrowed")} of queue {plan.Queue}; {plan.PeakWatts:#,0} W at their peak"));
        }

        WhyCommand.Inputs(lines, plan.Inputs);
        WhyCommand.Reservations(lines, plan.Reservations);
        foreach (var rate in plan.Rates)
        {
            lines.Add($"  reserves    {RateText.Of(rate)}");
        }

        if (plan is { Outcome: PlanOutcome.Waits, StartsUnixMilliseconds: { } starts })
        {
            lines.Add($"  starts      {WhyCommand.Moment(starts)} at the latest");
        }

        if (plan.EndsUnixMilliseconds is { } ends)
        {
            lines.Add($"  ends        {WhyCommand.Moment(ends)}, as is expected{(plan.DeadlineUnixMilliseconds < ends ? ": later than its deadline" : string.Empty)}");
        }

        foreach (var victim in plan.GiveWay)
        {
            lines.Add($"  gives way   job {victim.Job}{(victim.Islands.IsEmpty ? ", which saves and stops" : $" loses {string.Join(", ", victim.Islands)} and goes on")}");
        }

        if (!plan.Before.IsEmpty)
        {
            lines.Add($"  before it   {plan.Before.Length} of queue {plan.Queue}, the first of them job {plan.Before[0]}");
        }

        return lines.ToImmutable();
    }
}
