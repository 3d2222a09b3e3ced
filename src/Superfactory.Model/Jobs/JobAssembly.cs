using System.Collections.Immutable;

namespace Superfactory.Model.Jobs;

/// <summary>Checks the fields of a job against each other and makes the specification of them. Pure.</summary>
internal static class JobAssembly
{
    private static readonly TrainerSpecification _trainer = new() { Recipe = "pretrain" };
    private static readonly CheckpointSpecification _checkpoint = new();

    /// <summary>Adds what does not fit together.</summary>
    public static void Check(JobValues values, JobProblems problems)
    {
        CheckRequired(values, problems);
        CheckOneOf(values, problems, "trainer", "command", "Expected 'trainer' with a recipe, or 'command' with a program of your own");
        CheckOneOf(values, problems, "budget.steps", "budget.samples", "Expected 'steps' or 'samples'");
        CheckWork(values, problems);
        CheckModel(values, problems);
        CheckIslands(values, problems);
        CheckPreferred(values, problems);
        JobHardware.Check(values, problems);
        JobSync.Check(values, problems);
        JobLanes.Check(values, problems);
        JobRoles.Check(values, problems);
        JobWan.Check(values, problems);
    }

    /// <summary>The job; to be called where nothing is wrong.</summary>
    public static JobSpecification Build(JobValues values, string? folder)
    {
        var count = values.TryGet<object>("sites", out var sites) && sites is long number ? (int)number : 0;
        return new JobSpecification
        {
            Name = values.Get("name", string.Empty),
            Kind = values.Choice("kind", JobKind.Pretrain),
            Sites = sites as ImmutableArray<string>? ?? [],
            SiteCount = count,
            PreferredSites = values.Get<ImmutableArray<string>>("preferred_sites", []),
            Hardware = values.Get<ImmutableArray<string>>("hardware", [Fleet.HardwareCatalogue.Cpu]),
            Within = values.Choice("within", Fleet.Within.Site),
            Placement = values.Choice("placement", JobPlacement.Pack),
            Memory = values.Count("memory", 0),
            Peak = values.Get("peak", 1.0),
            Count = values.Count("count", 1),
            Queue = values.Get("queue", JobSpecification.DefaultQueue),
            Priority = values.Count("priority", 0),
            Accelerators = values.Count("accelerators", 1),
            AcceleratorsMin = values.Count("accelerators_min", 0),
            IslandsMin = values.Count("islands_min", 0),
            MinimumRun = values.Count("minimum_run", 0),
            RestartCost = values.Count("restart_cost", 30),
            Duration = values.Count("duration", 0),
            StartAfter = values.Count("start_after", 0),
            Deadline = values.Count("deadline", 0),
            StartTimeout = values.Count("start_timeout", 300),
            ReplaceWithin = values.Count("replace_within", 600),
            Trainer = values.IsPresent("trainer") ? Trainer(values) : null,
            Command = values.Get<ImmutableArray<string>>("command", []),
            Directory = values.TryGet<string>("directory", out var directory) ? directory : values.IsPresent("command") || values.IsPresent("roles") ? folder : null,
            Data = values.TryGet<string>("data.corpus", out var corpus) ? new DataSpecification { Corpus = corpus } : null,
            Sync = JobSync.Build(values),
            Wan = JobWan.Build(values),
            Budget = new BudgetSpecification { Steps = values.Get("budget.steps", 0L), Samples = values.Get("budget.samples", 0L) },
            Checkpoint = new CheckpointSpecification
            {
                Every = values.Count("checkpoint.every", _checkpoint.Every),
                Keep = values.Count("checkpoint.keep", _checkpoint.Keep),
                KeepFor = values.Count("checkpoint.keep_for", _checkpoint.KeepFor),
                Copies = values.Count("checkpoint.copies", _checkpoint.Copies),
            },
            Island = new IslandSpecification { Processes = values.Count("island.processes", 1), Threads = values.Count("island.threads", 0) },
            Lanes = JobLanes.Build(values),
            Roles = JobRoles.Build(values),
            Seed = values.Count("seed", 1),
            TrainerRestartsMax = values.Count("trainer_restarts_max", 3),
            Environment = values.Get("environment", ImmutableSortedDictionary<string, string>.Empty),
        };
    }

    private static TrainerSpecification Trainer(JobValues values) => new()
    {
        Recipe = values.Get("trainer.recipe", string.Empty),
        Model = new ModelSpecification
        {
            Layers = values.Count("trainer.model.layers", _trainer.Model.Layers),
            Hidden = values.Count("trainer.model.hidden", _trainer.Model.Hidden),
            Heads = values.Count("trainer.model.heads", _trainer.Model.Heads),
            Context = values.Count("trainer.model.context", _trainer.Model.Context),
            Intermediate = values.Count("trainer.model.intermediate", _trainer.Model.Intermediate),
        },
        Batch = values.Count("trainer.batch", _trainer.Batch),
        LearningRate = values.Get("trainer.learning_rate", _trainer.LearningRate),
        Warmup = values.Get("trainer.warmup", _trainer.Warmup),
        FinalLearningRate = values.Get("trainer.final_learning_rate", _trainer.FinalLearningRate),
        WeightDecay = values.Get("trainer.weight_decay", _trainer.WeightDecay),
        Clip = values.Get("trainer.clip", _trainer.Clip),
        ValidationSamples = values.Count("trainer.validation_samples", _trainer.ValidationSamples),
    };

    /// <summary>A field is required where its section stands in the file, and everywhere at the top.</summary>
    private static void CheckRequired(JobValues values, JobProblems problems)
    {
        foreach (var field in JobFields.All)
        {
            if (field.Default == JobFields.Required
                && !values.IsPresent(field.Path)
                && (field.Section.Length == 0 || values.TryGet<JobNode>(field.Section, out _)))
            {
                problems.Add(values.LineOf(field.Path), field.Path, $"The field is missing. Expected {field.Expected}.");
            }
        }
    }

    private static void CheckOneOf(JobValues values, JobProblems problems, string first, string second, string expected)
    {
        var section = JobFields.ByPath[first].Section;
        if (section.Length > 0 && !values.TryGet<JobNode>(section, out _))
        {
            return;
        }

        if (values.IsPresent(first) && values.IsPresent(second))
        {
            var later = values.LineOf(first) > values.LineOf(second) ? first : second;
            problems.Add(values.LineOf(later), later, $"{expected}, but found both.");
        }
        else if (!values.IsPresent(first) && !values.IsPresent(second))
        {
            problems.Add(values.LineOf(section), section, $"{expected}, but found neither.");
        }
    }

    private static void CheckWork(JobValues values, JobProblems problems)
    {
        var recipe = values.TryGet<string>("trainer.recipe", out var name) && name == "pretrain";
        if (recipe && !values.IsPresent("data"))
        {
            problems.Add(values.LineOf("trainer.recipe"), "data", "The recipe 'pretrain' needs a corpus. Expected 'data', such as {corpus: dotnet-docs}.");
        }

        if (recipe && values.Choice("kind", JobKind.Pretrain) == JobKind.Finetune)
        {
            problems.Add(values.LineOf("kind"), "kind", "The recipe 'pretrain' trains from the initial state. Expected 'pretrain', or a 'command' of your own that fine-tunes.");
        }
    }

    private static void CheckIslands(JobValues values, JobProblems problems)
    {
        var most = !values.TryGet<object>("sites", out var sites) ? int.MaxValue : sites is long number ? (int)number : ((ImmutableArray<string>)sites).Length;
        if (values.Count("islands_min", 0) > most)
        {
            problems.Add(values.LineOf("islands_min"), "islands_min", $"Expected at most as many as there are sites, {most}, but found {values.Count("islands_min", 0)}.");
        }

        if (values.Count("accelerators_min", 0) > values.Count("accelerators", 1))
        {
            problems.Add(values.LineOf("accelerators_min"), "accelerators_min", $"Expected at most as many as an island has, {values.Count("accelerators", 1)} by 'accelerators', but found {values.Count("accelerators_min", 0)}.");
        }
    }

    private static void CheckPreferred(JobValues values, JobProblems problems)
    {
        if (values.IsPresent("preferred_sites") && values.TryGet<object>("sites", out var sites) && sites is not long)
        {
            problems.Add(values.LineOf("preferred_sites"), "preferred_sites", "The job runs at all of the 'sites' that it names. Expected 'sites' to be a count.", "Remove the field, or say how many sites.");
        }
    }

    private static void CheckModel(JobValues values, JobProblems problems)
    {
        // A width that is present and no valid number has its own problem.
        if ((values.IsPresent("trainer.model.hidden") && !values.TryGet<long>("trainer.model.hidden", out _))
            || (values.IsPresent("trainer.model.heads") && !values.TryGet<long>("trainer.model.heads", out _)))
        {
            return;
        }

        var hidden = values.Count("trainer.model.hidden", _trainer.Model.Hidden);
        var heads = values.Count("trainer.model.heads", _trainer.Model.Heads);
        var field = values.IsPresent("trainer.model.hidden") ? "trainer.model.hidden" : "trainer.model.heads";
        var line = values.LineOf(field);
        if (hidden % heads != 0)
        {
            problems.Add(line, field, $"Expected 'hidden' to be a multiple of 'heads', but {hidden} is no multiple of {heads}.");
        }
        else if (hidden / heads % 2 != 0)
        {
            problems.Add(line, field, $"Expected an even width for each head, which rotary positions turn in pairs, but {hidden} for {heads} heads is {hidden / heads} each.");
        }
    }
}
