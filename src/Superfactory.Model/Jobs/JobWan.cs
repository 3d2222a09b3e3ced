using System.Collections.Immutable;
using Superfactory.Model.Units;

namespace Superfactory.Model.Jobs;

/// <summary>The section <c>wan</c> of a job: checks it against the others, and makes the specification of it. Pure.</summary>
internal static class JobWan
{
    /// <summary>Adds what does not fit together.</summary>
    public static void Check(JobValues values, JobProblems problems)
    {
        if (!values.TryGet<JobNode>("wan", out _))
        {
            return;
        }

        if (!values.IsPresent("wan.rate") && !(values.IsPresent("wan.parameters") && values.IsPresent("wan.step")))
        {
            problems.Add(values.LineOf("wan"), "wan", "Expected 'rate', or 'parameters' and 'step', from which it is computed when the job is submitted.");
        }

        if (values.TryGet<object>("sites", out var sites) && (sites is long count ? count : ((ImmutableArray<string>)sites).Length) == 1)
        {
            problems.Add(values.LineOf("wan"), "wan", "A job with one island sends nothing between sites.", "Remove the section, or name more sites.");
        }
    }

    /// <summary>The specification; to be called where nothing is wrong.</summary>
    public static WanSpecification? Build(JobValues values) => !values.IsPresent("wan") ? null : new WanSpecification
    {
        Rate = values.TryGet<object>("wan.rate", out var rate) ? (Bandwidth)rate : null,
        Parameters = values.TryGet<object>("wan.parameters", out var parameters) ? (double)parameters : null,
        Step = values.TryGet<object>("wan.step", out var step) ? (double)step : null,
    };
}
