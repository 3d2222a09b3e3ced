using Superfactory.Cli.CommandLine;
using Superfactory.Cli.Factory;
using Superfactory.Model;
using Superfactory.Model.Agents;
using Superfactory.Model.Jobs;

namespace Superfactory.Cli.Demo;

/// <summary>The example's job file with what the user asked for in place of what it says. Pure but for the reading of the file.</summary>
internal static class DemoJob
{
    /// <summary>Finds and reads the example.</summary>
    public static Outcome<JobSpecification> Read()
    {
        var file = Directories.ProjectFile(DemoOptions.JobFile);
        return file.Succeeded ? JobFile.Parse(File.ReadAllText(file.Value), DemoOptions.JobFile) : new Outcome<JobSpecification>(file.Problems);
    }

    /// <summary>The job with the changes that the options ask for.</summary>
    public static JobSpecification With(this JobSpecification job, DemoOptions options)
    {
        ArgumentNullException.ThrowIfNull(job);
        var changed = job with
        {
            Sites = [.. LocalFactoryOptions.SiteNames.Take(options.Sites)],
            SiteCount = 0,
            Seed = options.Seed ?? job.Seed,
            Budget = options.Steps is { } steps ? new BudgetSpecification { Steps = steps } : job.Budget,
        };
        if (options.Mode is { } mode && mode != job.Sync.Mode)
        {
            // The other mode's own defaults: what the file says about merging was meant for the first.
            changed = changed with
            {
                Sync = new SyncSpecification { Mode = mode, Format = mode == SyncMode.Streaming ? NumberFormat.E3m0 : NumberFormat.Bf16 } is var own && mode == SyncMode.Diloco ? own : own with { Every = RunSchedule.Of(own).Every },
            };
        }

        // A run shorter than a round would merge once, at its end; a few merges are what a demonstration is for.
        return changed.Sync.Mode == SyncMode.Diloco && changed.Budget.Steps > 0 && changed.Budget.Steps < changed.Sync.Every
            ? changed with { Sync = changed.Sync with { Every = (int)Math.Max(1, changed.Budget.Steps / 2) } }
            : changed;
    }
}
