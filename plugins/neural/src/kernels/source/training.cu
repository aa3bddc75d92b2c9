// The loss, and what gradients do to weights.

// Cross-entropy of the softmax of every row with soft labels, and its gradient.
KERNEL(cross_entropy)(const T* scores, const float* targets, float* losses, T* gradient, u32 classes, u32 count) {
    EACH(row, count) {
        u64 start = row * classes;
        float largest = lowest(), sum = 0, loss = 0, all = 0;
        for (u32 c = 0; c < classes; c++) {
            float score = load(scores[start + c]);
            if (score > largest || score != score) largest = score;
        }
        for (u32 c = 0; c < classes; c++) sum += expf(load(scores[start + c]) - largest);
        float log_sum = logf(sum);
        for (u32 c = 0; c < classes; c++) {
            loss += targets[start + c] * (log_sum - (load(scores[start + c]) - largest));
            all += targets[start + c];
        }
        losses[row] = loss;
        for (u32 c = 0; c < classes; c++) {
            float probability = expf(load(scores[start + c]) - largest) / sum;
            store(gradient + start + c, probability * all - targets[start + c]);
        }
    }
}

// As ops/sgd.rs.
KERNEL(sgd)(const float* gradient, float* weight, float* last, float scale, float decay, float momentum, float learning_rate,
            u32 nesterov, u32 count) {
    EACH(i, count) {
        float g = gradient[i] * scale + decay * weight[i];
        float now = momentum * last[i] + g;
        last[i] = now;
        weight[i] -= learning_rate * (nesterov ? g + momentum * now : now);
    }
}

// As ops/adam.rs.
KERNEL(adam)(const float* gradient, float* weight, float* mean, float* square, float scale, float penalty, float keep,
             float take, float keep_square, float take_square, float shrink, float step, float root, float epsilon,
             u32 count) {
    EACH(i, count) {
        float g = gradient[i] * scale + penalty * weight[i];
        float m = keep * mean[i] + take * g, s = keep_square * square[i] + take_square * g * g;
        mean[i] = m;
        square[i] = s;
        weight[i] = shrink * weight[i] - step * m / (sqrtf(s) * root + epsilon);
    }
}
