using System.Collections.Immutable;
using System.Globalization;

namespace Superfactory.Model.Jobs;

/// <summary>The section <c>roles</c> of a job: checks it against the others, and makes the specifications of it. Pure.</summary>
internal static class JobRoles
{
    /// <summary>Where the table of fields has those of a role.</summary>
    public const string Section = "roles.*";

    /// <summary>Adds what does not fit together.</summary>
    public static void Check(JobValues values, JobProblems problems)
    {
        if (!values.TryGet<object>("roles", out var given) || given is not ImmutableArray<string> names)
        {
            return;
        }

        var gangs = 0L;
        foreach (var name in names)
        {
            gangs += values.Count($"roles.{name}.count", 1);
            if (!values.IsPresent($"roles.{name}.command"))
            {
                problems.Add(values.LineOf($"roles.{name}"), $"roles.{name}.command", $"The field is missing. Expected {JobFields.ByPath[$"{Section}.command"].Expected}.");
            }
        }

        if (gangs > RoleSpecification.GangsMax)
        {
            problems.Add(values.LineOf("roles"), "roles", $"Expected at most {RoleSpecification.GangsMax:#,0} gangs of all roles, but found {gangs.ToString("#,0", CultureInfo.InvariantCulture)}.");
        }

        if (values.Count("count", 1) > 1)
        {
            problems.Add(values.LineOf("count"), "count", "A job with roles is no array. Expected 1.", "Remove the field, or 'roles'.");
        }

        if (values.Count("islands_min", 0) > 0)
        {
            problems.Add(values.LineOf("islands_min"), "islands_min", "A job with roles starts and gives way as a whole. Expected 0.", "Remove the field, or 'roles'.");
        }

        if (values.Count("accelerators_min", 0) > 0)
        {
            problems.Add(values.LineOf("accelerators_min"), "accelerators_min", "A job with roles has islands of one size. Expected 0.", "Remove the field, or 'roles'.");
        }
    }

    /// <summary>The specifications; to be called where nothing is wrong.</summary>
    public static ImmutableSortedDictionary<string, RoleSpecification> Build(JobValues values)
    {
        var roles = ImmutableSortedDictionary.CreateBuilder<string, RoleSpecification>(StringComparer.Ordinal);
        foreach (var name in values.TryGet<object>("roles", out var given) && given is ImmutableArray<string> names ? names : [])
        {
            roles[name] = new RoleSpecification
            {
                Count = values.Count($"roles.{name}.count", 1),
                Accelerators = values.Count($"roles.{name}.accelerators", 1),
                Hardware = values.Get($"roles.{name}.hardware", Fleet.HardwareCatalogue.Cpu),
                Within = values.Choice($"roles.{name}.within", Fleet.Within.Site),
                Placement = values.Choice($"roles.{name}.placement", JobPlacement.Pack),
                PreferredSites = values.Get<ImmutableArray<string>>($"roles.{name}.preferred_sites", []),
                Peak = values.Get($"roles.{name}.peak", 1.0),
                Command = values.Get<ImmutableArray<string>>($"roles.{name}.command", []),
                Environment = values.Get($"roles.{name}.environment", ImmutableSortedDictionary<string, string>.Empty),
                Processes = values.Count($"roles.{name}.processes", 1),
            };
        }

        return roles.ToImmutable();
    }
}
